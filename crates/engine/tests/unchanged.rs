//! What a run may cost: an unchanged tree opens no source file and puts at most three objects and 256 KiB, counted by a
//! failing source and a recording store.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod common;

use chest_engine::backup::{Age, BackupOptions, NotCompliant, backup};
use chest_engine::source::{FolderOptions, FolderSource, Source};
use chest_engine::store::MemoryStore;
use chest_model::{Class, Completeness, Environment, Monitor, Progress, RootDescription, RootEncoding, Timestamp};
use chest_testkit::{FailingSource, RecordingStore, Verb};
use common::{Machine, noise};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn source(machine: &Machine) -> Arc<FailingSource<FolderSource>> {
    let path = machine.source();
    let description = RootDescription {
        label: b"documents".to_vec(),
        native_path: b"documents".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Documents,
    };
    Arc::new(FailingSource::new(FolderSource::new(&path, description, FolderOptions::default()).unwrap()))
}

#[test]
fn an_unchanged_tree_opens_no_file_and_puts_at_most_three_objects() {
    let memory = MemoryStore::new();
    let recording = Arc::new(RecordingStore::new(memory.clone()));
    let configuration = chest_engine::repo::config::Configuration::small_for_tests();
    let machine = Machine::on(recording.clone(), memory, configuration);
    for file in 0..300 {
        machine.write(&format!("folder {}/file {file}", file % 7), &noise(file, 5_000));
    }
    let counted = source(&machine);
    machine.backup_of(vec![Box::new(counted.clone())]).unwrap();
    assert_eq!(counted.opens(), 300);
    counted.forget_opens();
    recording.clear();
    machine.backup_of(vec![Box::new(counted.clone())]).unwrap();
    assert_eq!(counted.opens(), 0);
    assert!(recording.count(Verb::Put) <= 3, "{}", recording.count(Verb::Put));
    assert!(recording.bytes(Verb::Put) <= 256 << 10, "{}", recording.bytes(Verb::Put));
    let reads_of_packs =
        recording.calls().iter().filter(|call| call.verb == Verb::Get && call.name.starts_with("packs/")).count();
    assert_eq!(reads_of_packs, 0, "the writer never reads a pack");
}

#[test]
fn one_changed_file_opens_one_file() {
    let machine = Machine::new();
    for file in 0..50 {
        machine.write(&format!("file {file}"), &noise(file, 5_000));
    }
    let counted = source(&machine);
    machine.backup_of(vec![Box::new(counted.clone())]).unwrap();
    machine.write("file 7", &noise(1000, 5_000));
    counted.forget_opens();
    machine.backup_of(vec![Box::new(counted.clone())]).unwrap();
    assert_eq!(counted.opens(), 1);
}

/// Asks to stop as soon as bytes have been sent.
struct Impatient(AtomicBool);

impl Monitor for Impatient {
    fn progress(&self, progress: Progress) {
        if matches!(progress, Progress::Sent { .. }) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_run_that_is_stopped_says_so_and_is_continued() {
    let machine = Machine::new();
    // Far more than the walk may be ahead of the readers.
    for file in 0..2000 {
        machine.write(&format!("file {file:04}"), &noise(file, 4_000));
    }
    let context = chest_engine::Context { monitor: &Impatient(AtomicBool::new(false)), ..machine.context() };
    let stopped = chest_engine::backup::backup(
        &context,
        &[common::folder_source(&machine.source())],
        &chest_engine::backup::BackupOptions::default(),
    );
    assert!(matches!(stopped, Err(chest_engine::EngineError::Interrupted)), "{:?}", stopped.err());
    let next = machine.backup().unwrap();
    assert!(next.packs_taken_over > 0);
}

/// An Outlook data file says how old it is by the messages in it, though their dates stand anywhere in it; and without being opened again.
#[test]
fn the_age_of_an_outlook_data_file_is_that_of_its_newest_message() {
    const SENT: i64 = 1_795_168_800;
    let machine = Machine::new();
    let now = machine.environment.now().seconds.max(SENT + 30 * 24 * 3600);
    machine.environment.set_now(Timestamp::new(now, 0));
    for name in ["Wide0", "Narrow1"] {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/pst").join(name);
        machine.write(&format!("{name}.pst"), &std::fs::read(kept).unwrap());
    }
    let path = machine.source();
    let description = RootDescription {
        label: b"mail".to_vec(),
        native_path: b"mail".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Email,
    };
    for opened in [2, 0] {
        let source = FolderSource::new(&path, description.clone(), FolderOptions::default()).unwrap();
        let outcome = machine.backup_of(vec![Box::new(source)]).unwrap();
        assert_eq!(outcome.files_read, opened);
        assert_eq!(outcome.roots[0].newest_content, Some(Timestamp::new(SENT, 0)));
    }
}

/// Once the clock was years ahead, the record's time stays so; how old mail is, the clock of now tells.
#[test]
fn a_clock_that_was_once_years_ahead_makes_no_mail_old_and_one_that_is_behind_makes_none_young() {
    const DAY: i64 = 24 * 3600;
    const SENT: i64 = 1_795_168_800;
    let machine = Machine::new();
    let at = |days: i64| Timestamp::new(SENT + (2 + days) * DAY, 0);
    machine.write("1.eml", b"From: a@b.example\nSubject: Hedge\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\nCut it.\n");
    let description = RootDescription {
        label: b"mail".to_vec(),
        native_path: b"mail".to_vec(),
        encoding: RootEncoding::UnixBytes,
        class: Class::Email,
    };
    let back_up = |days: i64| {
        machine.environment.set_now(at(days));
        let source = FolderSource::new(&machine.source(), description.clone(), FolderOptions::default()).unwrap();
        backup(&machine.context(), &[Box::new(source)], &BackupOptions::default()).unwrap()
    };
    let label = b"mail".to_vec();
    let ahead = back_up(3000);
    assert_eq!(ahead.not_compliant(Class::Email), Some(NotCompliant::TooOld(label.clone(), 3002)));
    let right = back_up(0);
    assert_eq!(right.clock_behind.map(|clock| clock.seconds), Some(at(0).seconds));
    assert_eq!((right.age_of(&right.roots[0]), right.not_compliant(Class::Email)), (Age::Days(2), None));
    let old = back_up(9);
    assert_eq!(old.not_compliant(Class::Email), Some(NotCompliant::TooOld(label.clone(), 11)));
    // The battery of the clock is empty: what was written after "now" is not of today.
    let behind = back_up(-2000);
    assert_eq!(behind.not_compliant(Class::Email), Some(NotCompliant::AgeUnknown(label)));
}

/// An Outlook data file whose tree of nodes names the same eight pages some thousand million times.
fn endless_pst() -> Vec<u8> {
    let place = |level: u8| 1024 + 512 * u64::from(7 - level);
    let mut file = vec![0; 1024];
    file[..12].copy_from_slice(b"!BDN\0\0\0\0SM\x17\0");
    file[224..232].copy_from_slice(&place(7).to_le_bytes());
    for level in (0..=7).rev() {
        let mut page = vec![0; 512];
        if level > 0 {
            page[..480].copy_from_slice(&[&[0; 16][..], &place(level - 1).to_le_bytes()].concat().repeat(20));
        }
        page[488..492].copy_from_slice(&[if level > 0 { 20 } else { 0 }, 20, 24, level]);
        page[496] = 0x81;
        file.extend(page);
    }
    file
}

#[test]
fn a_backup_does_not_wait_for_an_outlook_data_file_that_leads_on_without_end() {
    let machine = Machine::new();
    machine.write("endless.pst", &endless_pst());
    machine.environment.pass_with_each_look(Duration::from_secs(10));
    let label = b"mail".to_vec();
    let native_path = label.clone();
    let description = RootDescription { label, native_path, encoding: RootEncoding::UnixBytes, class: Class::Email };
    let source = FolderSource::new(&machine.source(), description, FolderOptions::default()).unwrap();
    let outcome = machine.backup_of(vec![Box::new(source)]).unwrap();
    assert_eq!((outcome.files_read, outcome.roots[0].newest_content), (1, None));
    // As long as it works it waits, by this clock.
    let passed = machine.environment.passed().as_secs();
    assert!(
        (600..700).contains(&passed),
        "given up after five minutes of work and five of waiting, not after {passed} s"
    );
}

/// Baseline and cache serve the next run: where they cannot be read or kept, this one is recorded all the same, and says so.
#[test]
fn what_this_computer_cannot_keep_for_itself_makes_no_backup_undone() {
    let machine = Machine::new();
    machine.write("minutes", b"of october");
    machine.backup().unwrap();
    let mut spoilt = 0;
    for kept in ["cache", "state"] {
        let repository = std::fs::read_dir(machine.folder.path().join(kept)).unwrap().next().unwrap().unwrap().path();
        for file in std::fs::read_dir(repository).unwrap().map(|file| file.unwrap()) {
            let name = file.file_name().into_string().unwrap();
            if ["root-", "baseline"].iter().any(|kind| name.starts_with(kind)) {
                std::fs::remove_file(file.path()).unwrap();
                std::fs::create_dir_all(file.path().join("in the way")).unwrap();
                spoilt += 1;
            }
        }
    }
    assert_eq!(spoilt, 2);
    machine.write("minutes", b"of november");
    let outcome = machine.backup().unwrap();
    assert_eq!((outcome.completeness, outcome.not_kept.len()), (Completeness::Complete, 3), "{outcome:?}");
    assert_eq!(machine.open().unwrap().session.snapshots().0.len(), 2);
}

/// Every record is later than the one before it, so that what is latest never depends on a clock; and the outcome says what was recorded.
#[test]
fn a_clock_that_has_gone_back_is_told() {
    let machine = Machine::new();
    machine.write("minutes", b"of october");
    let run = |days: i64| {
        machine.environment.advance(days * 24 * 3600);
        let source: Box<dyn Source> = Box::new(source(&machine));
        backup(&machine.context(), &[source], &BackupOptions::default()).unwrap()
    };
    let ahead = run(400);
    assert_eq!(ahead.clock_behind, None);
    let behind = run(-399);
    assert!(behind.ended > ahead.ended && behind.clock_behind.is_some_and(|clock| clock < ahead.ended), "{behind:?}");
    let (snapshots, _) = machine.open().unwrap().session.snapshots();
    let recorded: Vec<_> = snapshots.iter().map(|snapshot| snapshot.public.ended).collect();
    assert_eq!(recorded, [ahead.ended, behind.ended]);
}

/// What is cut anew when a file grows at its end is its last chunk, half a mebibyte or so of each: not of a mailbox.
#[test]
fn mailboxes_that_grew_by_a_week_send_about_a_week() {
    let memory = MemoryStore::new();
    let recording = Arc::new(RecordingStore::new(memory.clone()));
    let machine = Machine::on(recording.clone(), memory, chest_engine::repo::config::Configuration::new());
    let sent = |name: &str, week: u64| {
        (0..8).for_each(|number| {
            let before = noise(number, 600_000 + number as usize * 30_000);
            let added = if week == 0 { Vec::new() } else { noise(100 + number, 10_000) };
            let content = [b"From a@b.example Fri Nov 20 10:00:00 2026\nSubject: x\n\n", &before[..], &added].concat();
            // The same that is no mailbox.
            let skipped = if name == "mailbox" { 0 } else { 1 };
            machine.write(&format!("{name} {number}"), &content[skipped..]);
        });
        recording.clear();
        machine.backup().unwrap();
        recording.bytes(Verb::Put)
    };
    sent("mailbox", 0);
    let week = sent("mailbox", 1);
    sent("other", 0);
    let of_others = sent("other", 1);
    assert!(
        week < 8 * (10_000 + 150_000) && week * 3 < of_others,
        "{week} bytes sent for a week, {of_others} of others"
    );
}
