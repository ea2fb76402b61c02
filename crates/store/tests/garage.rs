//! The store against a real server that is not AWS: Garage, in a process of its own.
//!
//! Not among the usual tests, because Garage has to be installed: `cargo install garage --version 2.5.0`, then name the program
//! in `GARAGE` and run `cargo test --workspace --test garage`: a lane of `.ci/run` does.
#![expect(clippy::unwrap_used, reason = "helpers of a test")]
#![expect(clippy::disallowed_methods, reason = "a test finds the server's program by the environment")]

use bytes::Bytes;
use chest_model::Timestamp;
use chest_store::contract::{Capabilities, Extent, examine};
use chest_store::s3::{S3Options, S3Store, Secret};
use chest_store::{ObjectName, ObjectStore, PutOutcome, StoreError, VersionId};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ACCESS: &str = "GKaaaaaaaaaaaaaaaaaaaaaaaa";
const SECRET: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const BUCKET: &str = "parish-chest";

struct Garage {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Garage {
    fn start() -> Self {
        let program = std::env::var_os("GARAGE").map_or_else(|| PathBuf::from("garage"), PathBuf::from);
        let folder = tempfile::tempdir().unwrap();
        let [api, rpc] = free_ports();
        let settings = folder.path().join("garage.toml");
        std::fs::write(&settings, settings_text(folder.path(), api, rpc)).unwrap();
        let process = Command::new(program)
            .args(["-c".as_ref(), settings.as_os_str()])
            .args(["server", "--single-node", "--default-bucket"])
            .env("GARAGE_DEFAULT_ACCESS_KEY", ACCESS)
            .env("GARAGE_DEFAULT_SECRET_KEY", SECRET)
            .env("GARAGE_DEFAULT_BUCKET", BUCKET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let garage = Self { process, port: api, _folder: folder };
        garage.wait_until_ready();
        garage
    }

    fn options(&self, prefix: &str) -> S3Options {
        let mut options = S3Options::new(BUCKET, Secret::new(ACCESS), Secret::new(SECRET));
        options.endpoint = Some(format!("http://127.0.0.1:{}", self.port));
        options.region = "garage".to_owned();
        options.prefix = prefix.to_owned();
        options
    }

    fn wait_until_ready(&self) {
        let store = S3Store::open(&self.options("ready")).unwrap();
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() || store.list("").is_err() {
            assert!(began.elapsed() < Duration::from_secs(30), "Garage does not answer: {:?}", store.list(""));
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Garage {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn free_ports() -> [u16; 2] {
    let listeners = [TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap()];
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn settings_text(folder: &Path, api: u16, rpc: u16) -> String {
    let folder = folder.display();
    format!(
        r#"
metadata_dir = "{folder}/meta"
data_dir = "{folder}/data"
db_engine = "lmdb"
metadata_fsync = true
data_fsync = true
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{rpc}"
rpc_public_addr = "127.0.0.1:{rpc}"
rpc_secret = "{SECRET}"

[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:{api}"
"#
    )
}

fn name(text: &str) -> ObjectName {
    ObjectName::new(text).unwrap()
}

#[test]
fn garage_keeps_every_promise() {
    let garage = Garage::start();
    let store = S3Store::open(&garage.options("a council/laptop")).unwrap();
    let extent = Extent { listed_objects: 1200, ..Extent::default() };
    let report = examine(&store, "doctor/1", extent);
    assert_eq!(report.broken, []);
    assert_eq!(report.left_behind, []);
    println!("{:?}", report.capabilities);
    assert!(matches!(report.capabilities, Some(Capabilities { deletes: true, .. })));
    assert!(store.list("").unwrap().is_empty());

    // What differs from AWS: one version of each object, and no retention.
    assert_eq!(store.put(&name("a"), Bytes::from_static(b"x")).unwrap(), PutOutcome::Done);
    let versions = store.versions(&name("a")).unwrap();
    assert_eq!(versions.len(), 1);
    assert_eq!(store.get_version(&name("a"), &versions[0].id).unwrap(), "x");
    let retained = store.retain_version(&name("a"), &VersionId("current".to_owned()), Timestamp::default());
    assert!(matches!(retained, Err(StoreError::Unsupported(_))), "{retained:?}");
}

#[test]
fn a_wrong_key_bucket_or_region_is_told_as_what_it_is() {
    let garage = Garage::start();
    let answer = |change: &dyn Fn(&mut S3Options)| {
        let mut options = garage.options("");
        change(&mut options);
        S3Store::open(&options).unwrap().list("").unwrap_err()
    };
    let error = answer(&|options| options.secret_key = Secret::new("wrong"));
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    let error = answer(&|options| options.access_key = Secret::new("GK000000000000000000000000"));
    assert!(matches!(error, StoreError::Refused(_)), "{error}");
    let error = answer(&|options| options.bucket = "no-such-bucket".to_owned());
    assert!(matches!(error, StoreError::NoSuchPlace(_)), "{error}");
    let error = answer(&|options| options.region = "eu-west-2".to_owned());
    assert!(matches!(error, StoreError::WrongRegion(_)), "{error}");
}

#[test]
fn a_server_that_goes_away_is_unreachable_and_a_store_may_be_dropped_anywhere() {
    let garage = Garage::start();
    let store = S3Store::open(&garage.options("x")).unwrap();
    assert!(store.list("").unwrap().is_empty());
    drop(garage);
    let error = store.list("").unwrap_err();
    assert!(matches!(error, StoreError::Unreachable(_)), "{error}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { drop(store) });
}
