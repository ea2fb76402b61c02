//! Which crate may use which: the compiler forbids cycles, this test forbids every arrow that the design does not draw
//! (docs/design.md). It also keeps a few dependencies out for good.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

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

/// The names of our crates in one section of a manifest.
fn ours_in(manifest: &str, section: &str) -> BTreeSet<String> {
    let begin = format!("[{section}]");
    let lines = manifest.lines().skip_while(|line| line.trim() != begin).skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.strip_prefix("chest-"))
        .map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect())
        .collect()
}

#[test]
fn crates_use_only_what_the_design_allows() {
    for (name, allowed) in MAY_USE {
        let path = if name.is_empty() { "Cargo.toml".to_owned() } else { format!("crates/{name}/Cargo.toml") };
        let used = ours_in(&read(&path), "dependencies");
        let allowed: BTreeSet<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let more: Vec<_> = used.difference(&allowed).collect();
        assert!(more.is_empty(), "{path} uses {more:?}: the design draws no such arrow");
    }
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
