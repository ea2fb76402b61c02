//! Which crate may use which: the compiler forbids cycles, this test forbids every arrow that the design does not draw
//! (docs/design.md). It also keeps a few dependencies out for good.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What each crate may use of ours. The command line is the root package.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("model", &[]),
    ("store", &["model"]),
    ("catalogue", &["model"]),
    ("source", &["model"]),
    ("repo", &["store", "model"]),
    ("engine", &["repo", "source", "store", "catalogue", "mail", "model"]),
    ("council", &["model"]),
    ("mail", &["model"]),
    ("testkit", &["model", "store", "source", "repo", "engine", "council"]),
    ("", &["engine", "council", "model"]),
];

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What each package of a workspace uses of ours, as Cargo itself reads the manifests: in whatever section, under whatever name.
/// Tests may use what the code must not.
fn used_in(manifest: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let told = cargo.output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let name = |of: &Value| of["name"].as_str().unwrap().to_owned();
    let ours = |package: &Value| {
        let used = package["dependencies"].as_array().unwrap().iter().filter(|used| used["kind"] != "dev");
        used.filter_map(|used| name(used).strip_prefix("chest-").map(str::to_owned)).collect()
    };
    told["packages"].as_array().unwrap().iter().map(|package| (name(package), ours(package))).collect()
}

#[test]
fn crates_use_only_what_the_design_allows() {
    let used = used_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    for (name, allowed) in MAY_USE {
        let package = if name.is_empty() { env!("CARGO_PKG_NAME").to_owned() } else { format!("chest-{name}") };
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let more: Vec<_> = used[&package].difference(&allowed).collect();
        assert!(more.is_empty(), "{package} uses {more:?}: the design draws no such arrow");
    }
    assert!(used["chest-engine"].contains("repo"), "{used:?}");
}

#[test]
fn an_arrow_is_seen_in_whatever_way_it_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("Cargo.toml");
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/lib.rs"), "").unwrap();
    let text = r#"
        [package]
        name = "scratch"
        edition = "2024"
        [dependencies]
        chest-plain = "1"
        renamed = { package = "chest-renamed", version = "1" }
        of-workspace.workspace = true
        [dependencies.chest-table]
        version = "1"
        [target.'cfg(unix)'.dependencies]
        chest-unix = "1"
        [build-dependencies]
        chest-build = "1"
        [dev-dependencies]
        chest-test = "1"
        [workspace.dependencies]
        of-workspace = { package = "chest-workspace", version = "1" }
        [workspace]
    "#;
    fs::write(&manifest, text).unwrap();
    let used: Vec<String> = used_in(&manifest)["scratch"].iter().cloned().collect();
    assert_eq!(used, ["build", "plain", "renamed", "table", "unix", "workspace"]);
}

#[test]
fn every_crate_is_in_the_table() {
    let folders = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("crates")).unwrap();
    for folder in folders.map(|folder| folder.unwrap()).filter(|folder| folder.path().join("Cargo.toml").exists()) {
        let name = folder.file_name().into_string().unwrap();
        assert!(MAY_USE.iter().any(|(known, _)| *known == name), "crate {name} is not in the table of layers");
    }
}

/// Not for what they do, but for what they are: heavy second stacks, or licences that must not be in the binary.
#[test]
fn some_dependencies_stay_out() {
    let lock = read("Cargo.lock");
    for name in ["aws-lc-sys", "openssl-sys", "native-tls"] {
        assert!(!lock.contains(&format!("name = \"{name}\"\n")), "{name} is in Cargo.lock");
    }
}

/// The SDK stays behind the trait: only the store on S3 names it.
#[test]
fn only_the_store_on_s3_names_the_aws_sdk() {
    let mut files = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates"), &mut |path, text| {
        if text.contains("aws_sdk_s3") || text.contains("aws_smithy") {
            files.push(path.to_owned());
        }
    });
    let is_home = |path: &&String| path.contains("/crates/store/src/s3/") || path.ends_with("/crates/store/src/s3.rs");
    let elsewhere: Vec<_> = files.iter().filter(|path| !is_home(path)).collect();
    assert!(!files.is_empty() && elsewhere.is_empty(), "{elsewhere:?} names the AWS SDK");
}

/// Only this file names the chunker's low-level function: cut points are part of the format.
#[test]
fn only_one_file_cuts() {
    let mut files = Vec::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates"), &mut |path, text| {
        if text.contains("cut_gear(") {
            files.push(path.to_owned());
        }
    });
    assert_eq!(files.len(), 1, "{files:?}");
}

fn visit(folder: &Path, see: &mut dyn FnMut(&str, &str)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // Tests may name what the code must not.
            if path.file_name().is_none_or(|name| name != "tests") {
                visit(&path, see);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            see(&path.display().to_string(), &fs::read_to_string(&path).unwrap());
        }
    }
}
