//! Makes the golden repository of format 1: run once, its result committed, and never again for the same format.
//!
//!     cargo run -p chest-engine --example make_golden -- crates/engine/tests/golden/v1
//!
//! Two writers and three snapshots, one of them PARTIAL, with everything that the format can hold: several levels of trees, a
//! chunk list of its own, holes, hard links, links, names that are not UTF-8, large and small extended attributes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)]

use chest_engine::Context;
use chest_engine::backup::{BackupOptions, backup};
use chest_engine::enrol::{Beginning, enrol};
use chest_engine::init::{InitOptions, init};
use chest_engine::repo::chunk::ChunkerParameters;
use chest_engine::repo::config::Configuration;
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::{Credential, KdfCost};
use chest_engine::repo::words::TypedWords;
use chest_engine::source::{FolderOptions, FolderSource, Source};
use chest_engine::store::LocalStore;
use chest_model::{Class, RootDescription, RootEncoding, Silent, Timestamp, TreePath, UnreadableReason};
use chest_testkit::{FailingSource, FixedEnvironment};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

#[path = "../tests/golden/describe.rs"]
mod describe;

const PASSPHRASE: &str = "seven red apples on the vicarage wall";

fn main() {
    let to = PathBuf::from(std::env::args().nth(1).expect("the folder to make"));
    assert!(!to.join("repository").exists(), "a golden repository is made once");
    fs::create_dir_all(&to).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let store = TwiceStore::over(Arc::new(LocalStore::create(&to.join("repository")).unwrap()));
    let environment = FixedEnvironment::new(1);
    environment.set_now(Timestamp::new(1_795_000_000, 0));
    environment.set_host_name("clerk-laptop");
    let context = |state: &str| Context {
        store: store.clone(),
        environment: &environment,
        monitor: &Silent,
        state_dir: scratch.path().join(state),
        cache_dir: scratch.path().join("cache"),
    };
    let configuration = Configuration {
        pack_len: 64 << 10,
        chunker: ChunkerParameters { id: 1, min: 64, average: 256, max: 1024 },
        ..Configuration::new()
    };
    let made = init(
        &context("first"),
        InitOptions { passphrase: Some(Zeroizing::new(PASSPHRASE.to_owned())), cost: KdfCost::FLOOR, configuration },
    )
    .unwrap();
    fs::write(to.join("passphrase"), PASSPHRASE).unwrap();
    fs::write(to.join("words"), made.recovery_words.join(" ")).unwrap();

    let documents = scratch.path().join("documents");
    write_documents(&documents);
    run(&context("first"), source(&documents), &to, "1-complete", &documents);

    fs::write(documents.join("minutes/2026-03-11.txt"), "RESOLVED, and then amended.\n").unwrap();
    fs::remove_file(documents.join("register 017.txt")).unwrap();
    fs::write(documents.join("register 020.txt"), "Open in another program.\n").unwrap();
    settle(&documents);
    environment.advance(86_400);
    let failing = FailingSource::new(source(&documents));
    failing.fail_open(TreePath::from_bytes(b"register 020.txt".to_vec()).unwrap(), UnreadableReason::PermissionDenied);
    run(&context("first"), failing, &to, "2-partial", &documents);

    environment.set_host_name("second-laptop");
    environment.advance(86_400);
    let words = TypedWords::parse(&made.recovery_words.join(" ")).unwrap();
    enrol(&context("second"), &Credential::Words(words), Beginning::Afresh).unwrap();
    let papers = scratch.path().join("papers");
    fs::create_dir(&papers).unwrap();
    fs::write(papers.join("note.txt"), "Written on another computer.\n").unwrap();
    settle(&papers);
    run(&context("second"), source(&papers), &to, "3-second-writer", &papers);
}

fn run(context: &Context<'_>, source: impl Source + 'static, to: &Path, name: &str, folder: &Path) {
    let options = BackupOptions { program: "golden".to_owned(), threads: 1, ..BackupOptions::default() };
    let saved = backup(context, &[Box::new(source)], &options).unwrap();
    let label = folder.file_name().unwrap().to_string_lossy().into_owned();
    let text = format!("{}\n{label}\n{}", saved.snapshot, describe::describe(folder));
    fs::write(to.join(format!("{name}.txt")), text).unwrap();
}

fn source(path: &Path) -> FolderSource {
    let description = RootDescription {
        label: FolderSource::label_for(path),
        native_path: b"/home/clerk/OneDrive".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    FolderSource::new(path, description, FolderOptions::default()).unwrap()
}

fn write_documents(dir: &Path) {
    fs::create_dir_all(dir.join("minutes")).unwrap();
    fs::create_dir(dir.join("empty folder")).unwrap();
    fs::write(dir.join("empty"), "").unwrap();
    fs::write(dir.join("minutes/2026-03-11.txt"), "It was RESOLVED to approve the minutes.\n".repeat(40)).unwrap();
    for number in 0..600 {
        fs::write(dir.join(format!("register {number:03}.txt")), format!("Plot {number}, {}\n", number * 7919))
            .unwrap();
    }
    // Some 700 chunks: more than an entry holds itself.
    let long: String = (0u64..24_000).map(|i| format!("{:x}", i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 36)).collect();
    fs::write(dir.join("long.txt"), long).unwrap();
    fs::write(dir.join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "Latin-1\n").unwrap();
    std::os::unix::fs::symlink("minutes/2026-03-11.txt", dir.join("latest")).unwrap();
    fs::hard_link(dir.join("register 001.txt"), dir.join("second name.txt")).unwrap();
    let sparse = fs::File::create(dir.join("sparse")).unwrap();
    sparse.write_at(b"front", 0).unwrap();
    sparse.write_at(b"middle", 200_000).unwrap();
    sparse.set_len(500_000).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    rustix::fs::setxattr(dir.join("empty"), "user.small", b"a value", flags).unwrap();
    rustix::fs::setxattr(dir.join("empty"), "user.large", "a longer value ".repeat(200).as_bytes(), flags).unwrap();
    fs::set_permissions(dir.join("empty"), fs::Permissions::from_mode(0o600)).unwrap();
    settle(dir);
}

/// Fixed times, so that what is expected does not depend on the day.
fn settle(dir: &Path) {
    for (number, path) in describe::paths(dir).into_iter().enumerate().rev() {
        if path.is_symlink() {
            continue;
        }
        let time = std::time::UNIX_EPOCH + std::time::Duration::new(1_700_000_000 + number as u64, 123_456_789);
        fs::File::open(&path).unwrap().set_modified(time).unwrap();
    }
}
