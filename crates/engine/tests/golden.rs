//! The golden repository of format 1 restores, for ever: as it was, by the passphrase and by the words, with and without its
//! index. `cargo run -p chest-engine --example make_golden` made it, once.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "golden/describe.rs"]
mod describe;

use chest_engine::browse::{Selection, SnapshotSelector, select};
use chest_engine::check::{CheckOptions, ReadData, check};
use chest_engine::repo::repository::TwiceStore;
use chest_engine::repo::slot::Credential;
use chest_engine::repo::words::TypedWords;
use chest_engine::restore::{RestoreRequest, plan};
use chest_engine::store::LocalStore;
use chest_engine::target::Existing;
use chest_engine::{Context, Opened};
use chest_model::{Severity, Silent};
use chest_testkit::FixedEnvironment;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

const SNAPSHOTS: [&str; 3] = ["1-complete", "2-partial", "3-second-writer"];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn words() -> Credential {
    Credential::Words(TypedWords::parse(&fs::read_to_string(golden().join("words")).unwrap()).unwrap())
}

/// Restores every snapshot of a repository and holds it against its description.
fn assert_restores(repository: &Path, credential: &Credential) {
    let scratch = tempfile::tempdir().unwrap();
    let environment = FixedEnvironment::new(2);
    let context = Context {
        store: TwiceStore::over(Arc::new(LocalStore::open(repository).unwrap())),
        environment: &environment,
        monitor: &Silent,
        state_dir: scratch.path().join("state"),
        cache_dir: scratch.path().join("cache"),
    };
    let opened = Opened::open(&context, credential).unwrap();
    for name in SNAPSHOTS {
        let expected = fs::read_to_string(golden().join(format!("{name}.txt"))).unwrap();
        let (id, rest) = expected.split_once('\n').unwrap();
        let (label, expected) = rest.split_once('\n').unwrap();
        let selector = Some(SnapshotSelector::Id(id.to_owned()));
        let snapshot = select(&opened, &Selection { selector, ..Selection::default() }).unwrap();
        let to = scratch.path().join(name);
        let request = RestoreRequest {
            to: to.clone(),
            paths: Vec::new(),
            flat: false,
            existing: Existing::KeepBoth,
            restored_on: "21 November 2026".to_owned(),
            privileged: true,
            threads: 2,
        };
        let outcome = plan(&context, &opened, &snapshot, request).unwrap().execute(&context).unwrap();
        assert!(outcome.failed.is_empty(), "{name}: {:?}", outcome.failed);
        let unreadable: Vec<String> = outcome.never_backed_up.iter().map(|(path, _)| path.path.to_string()).collect();
        assert_eq!(unreadable.len(), usize::from(name == "2-partial"), "{name}: {unreadable:?}");
        let found = describe::describe(&to.join(label));
        let expected: Vec<&str> = expected
            .lines()
            .filter(|line| !unreadable.iter().any(|path| line.ends_with(&format!(" {path}"))))
            .collect();
        assert_eq!(found.lines().collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn it_restores_by_the_words() {
    assert_restores(&golden().join("repository"), &words());
}

#[test]
fn it_restores_by_the_passphrase() {
    let passphrase = fs::read_to_string(golden().join("passphrase")).unwrap();
    assert_restores(&golden().join("repository"), &Credential::Passphrase(Zeroizing::new(passphrase)));
}

#[test]
fn it_restores_without_its_index() {
    let scratch = tempfile::tempdir().unwrap();
    let copy = scratch.path().join("repository");
    for path in describe::paths(&golden().join("repository")) {
        let to = copy.join(path.strip_prefix(golden().join("repository")).unwrap());
        if path.is_dir() {
            fs::create_dir_all(to).unwrap();
        } else if !path.to_string_lossy().contains("/index/") {
            fs::copy(path, to).unwrap();
        }
    }
    assert_restores(&copy, &words());
}

#[test]
fn it_is_whole() {
    let scratch = tempfile::tempdir().unwrap();
    let environment = FixedEnvironment::new(2);
    let context = Context {
        store: TwiceStore::over(Arc::new(LocalStore::open(&golden().join("repository")).unwrap())),
        environment: &environment,
        monitor: &Silent,
        state_dir: scratch.path().join("state"),
        cache_dir: scratch.path().join("cache"),
    };
    let opened = Opened::open(&context, &words()).unwrap();
    let checked = check(&context, &opened, &CheckOptions { read_data: ReadData::Share(1.0) }).unwrap();
    assert!(checked.findings.iter().all(|finding| finding.severity == Severity::Note), "{:?}", checked.findings);
    assert_eq!(checked.snapshots, 3);
}
