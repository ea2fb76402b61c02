//! Mail in the search catalogue, against a plain look into every mailbox of every snapshot.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use chest_engine::browse::{ShownPath, StoredFile, cat, list};
use chest_engine::catalogue::{MailOutcome, MailQuery, SavedAs, fetch_message, find_mail, save_message};
use chest_engine::mail::{Limits, Resume, recognise, visit};
use chest_engine::repo::config::Configuration;
use chest_engine::store::MemoryStore;
use chest_engine::{Context, EngineError, Opened};
use chest_model::{Monitor, ObjectHash, Phase, Progress};
use chest_testkit::{RecordingStore, Verb};
use common::{Machine, noise, shown};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// By identity: the mailboxes with all snapshots in which they held it, oldest first, and whether it is gone.
type Known = BTreeMap<ObjectHash, (BTreeMap<Vec<u8>, Vec<ObjectHash>>, bool)>;

fn by_catalogue(machine: &Machine, opened: &Opened, query: &MailQuery) -> Known {
    let found: MailOutcome = find_mail(&machine.context(), opened, query).unwrap();
    assert!(found.damaged.is_empty(), "{:?}", found.damaged);
    let hits = found.messages.iter().map(|hit| {
        let boxes = hit.mailboxes.iter().map(|mailbox| {
            let seen: Vec<ObjectHash> = found.sightings(mailbox).iter().rev().map(|(id, _)| *id).collect();
            let ends = (Some(&mailbox.first_seen.0), Some(&mailbox.last_seen.0), mailbox.snapshots);
            assert_eq!((seen.first(), seen.last(), seen.len()), ends);
            (mailbox.path.to_bytes(), seen)
        });
        (hit.id, (boxes.collect(), hit.deleted))
    });
    hits.collect()
}

/// Every file of every snapshot read whole, every message of it visited.
fn by_reading(opened: &Opened) -> Known {
    let (snapshots, _) = opened.session.snapshots();
    let mut known: Known = BTreeMap::new();
    let newest = snapshots.last().unwrap().record.hash;
    for snapshot in &snapshots {
        for item in list(opened, snapshot, &ShownPath::default(), true).unwrap().items {
            let mut bytes = Vec::new();
            if cat(opened, snapshot, &item.path, &mut bytes).is_err() {
                continue;
            }
            let Some(kind) = recognise(item.path.path.name().unwrap(), &bytes) else { continue };
            visit(kind, &mut Cursor::new(bytes), Resume::Start, &Limits::default(), &mut |message| {
                let id = snapshot.record.hash;
                let (boxes, gone) = known.entry(ObjectHash(message.identity)).or_insert((BTreeMap::new(), true));
                let seen = boxes.entry(item.path.to_bytes()).or_default();
                if seen.last() != Some(&id) {
                    seen.push(id);
                }
                *gone = id != newest;
                ControlFlow::Continue(())
            });
        }
    }
    known
}

fn message(number: u64) -> String {
    let words: String = noise(number, 600).iter().map(|byte| char::from(b'a' + byte % 26)).collect();
    format!(
        "From: Clerk <clerk@example.org>\nTo: chair@example.org\nSubject: Matter {number}\n\
         Date: Fri, 20 Nov 2026 10:{:02}:00 +0000\nMessage-ID: <{number}@example.org>\n\nword{number} {words}\n",
        number % 60
    )
}

fn mailbox(messages: &[u64]) -> String {
    let one = |number: &u64| format!("From clerk@example.org Fri Nov 20 10:00:00 2026\n{}\n", message(*number));
    messages.iter().map(one).collect()
}

#[test]
fn the_catalogue_knows_what_a_look_into_every_mailbox_knows() {
    for seed in 0..8 {
        let machine = Machine::new();
        let mut random = fastrand::Rng::with_seed(seed);
        let mut boxes: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        let mut next = 0;
        for step in 0..7 {
            for name in ["inbox.mbox", "sent.mbox", "Archive"] {
                let messages = boxes.entry(name).or_default();
                match random.u8(0..7) {
                    0 => drop(messages.pop()),
                    1 if !messages.is_empty() => drop(messages.remove(random.usize(..messages.len()))),
                    2 => messages.clear(),
                    _ => (0..random.usize(0..30)).for_each(|_| {
                        next += 1;
                        messages.push(if random.u8(0..9) == 0 { random.u64(0..next) } else { next });
                    }),
                }
                machine.write(name, mailbox(messages).as_bytes());
            }
            let single = format!("saved/{}.eml", random.u8(0..4));
            match random.bool() {
                true => machine.write(&single, message(random.u64(0..20)).as_bytes()),
                false => drop(std::fs::remove_file(machine.source().join(&single))),
            }
            machine.backup().unwrap();
            if random.bool() || step == 6 {
                let opened = machine.open().unwrap();
                let catalogue = by_catalogue(&machine, &opened, &MailQuery::default());
                assert_eq!(catalogue, by_reading(&opened), "seed {seed}, step {step}");
            }
        }
        let opened = machine.open().unwrap();
        let grown = by_catalogue(&machine, &opened, &MailQuery::default());
        std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
        assert_eq!(by_catalogue(&machine, &opened, &MailQuery::default()), grown, "made anew, seed {seed}");
    }
}

/// Stops once so many mailboxes have been read; then, counts the bytes that are still to be read.
#[derive(Default)]
struct Watch {
    stop_after: Option<u32>,
    read: Mutex<(u32, bool)>,
}

impl Monitor for Watch {
    fn progress(&self, progress: Progress) {
        let mut state = self.read.lock().unwrap();
        match progress {
            Progress::Begin { phase, .. } => state.1 = phase == Phase::ReadingMail,
            Progress::Done { .. } if state.1 => state.0 += 1,
            _ => {}
        }
    }

    fn cancelled(&self) -> bool {
        let state = self.read.lock().unwrap();
        state.1 && self.stop_after.is_some_and(|after| state.0 >= after)
    }
}

#[test]
fn reading_mailboxes_can_be_stopped_and_what_was_read_is_not_read_again() {
    let machine = Machine::new();
    (0..6).for_each(|number| machine.write(&format!("{number}.mbox"), mailbox(&[number, number + 10]).as_bytes()));
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let mut context = machine.context();
    let watch = Watch { stop_after: Some(4), ..Watch::default() };
    context.monitor = &watch;
    let stopped = find_mail(&context, &opened, &MailQuery::default());
    assert!(matches!(stopped, Err(EngineError::Interrupted)), "{stopped:?}");
    let rest = Watch::default();
    context.monitor = &rest;
    assert_eq!(find_mail(&context, &opened, &MailQuery::default()).unwrap().messages.len(), 12);
    assert_eq!(rest.read.lock().unwrap().0, 2, "mailboxes left to read");
}

/// Stops once somebody has asked so many times whether to stop while mail is read: in the middle of mailboxes, too.
struct Impatient {
    patience: AtomicU32,
    reads_mail: AtomicBool,
}

impl Monitor for Impatient {
    fn progress(&self, progress: Progress) {
        if let Progress::Begin { phase, .. } = progress {
            self.reads_mail.store(phase == Phase::ReadingMail, Relaxed);
        }
    }

    fn cancelled(&self) -> bool {
        let lose = |left: u32| Some(left.saturating_sub(1));
        self.reads_mail.load(Relaxed) && self.patience.fetch_update(Relaxed, Relaxed, lose) == Ok(0)
    }
}

#[test]
fn whoever_stops_in_the_middle_of_mailboxes_is_answered_the_same_afterwards() {
    let machine = Machine::new();
    // More than one reader is given at a time.
    for week in 1..=3 {
        for name in 0..40 {
            let messages: Vec<u64> = (0..week * 2).map(|number| number * 40 + name).collect();
            machine.write(&format!("{name}.mbox"), mailbox(&messages).as_bytes());
        }
        machine.backup().unwrap();
    }
    let opened = machine.open().unwrap();
    let catalogue = machine.folder.path().join("cache");
    let expected = by_catalogue(&machine, &opened, &MailQuery::default());
    let mut stopped = 0;
    for patience in (1..400).step_by(37) {
        std::fs::remove_dir_all(&catalogue).unwrap();
        // Again and again, until everything has been read.
        for _ in 0..400 {
            let monitor = Impatient { patience: AtomicU32::new(patience), reads_mail: AtomicBool::new(false) };
            let context = Context { monitor: &monitor, ..machine.context() };
            match find_mail(&context, &opened, &MailQuery::default()) {
                Err(EngineError::Interrupted) => stopped += 1,
                answer => {
                    answer.unwrap();
                    break;
                }
            }
            if patience < 100 {
                // It may never come to the end of one.
                break;
            }
        }
        assert_eq!(by_catalogue(&machine, &opened, &MailQuery::default()), expected, "patience {patience}");
    }
    assert!(stopped > 5, "{stopped}");
}

#[test]
fn of_a_grown_mailbox_only_what_is_new_is_read() {
    let memory = MemoryStore::new();
    let recording = Arc::new(RecordingStore::new(memory.clone()));
    let machine = Machine::on(recording.clone(), memory, Configuration::small_for_tests());
    let mut messages: Vec<u64> = (0..3000).collect();
    let read_after_backup = |messages: &[u64]| {
        machine.write("inbox.mbox", mailbox(messages).as_bytes());
        machine.backup().unwrap();
        let opened = machine.open().unwrap();
        recording.clear();
        assert_eq!(
            find_mail(&machine.context(), &opened, &MailQuery::default()).unwrap().messages.len(),
            messages.len()
        );
        recording.bytes(Verb::GetRange)
    };
    let cold = read_after_backup(&messages);
    messages.extend(3000..3020);
    let warm = read_after_backup(&messages);
    assert!(warm * 2 < cold, "{warm} bytes for a week, {cold} for everything");
}

#[test]
fn a_message_is_got_out_byte_for_byte_and_never_put_over_another_file() {
    let machine = Machine::new();
    machine.write("inbox.mbox", mailbox(&[1, 2, 3]).as_bytes());
    machine.backup().unwrap();
    machine.write("inbox.mbox", mailbox(&[1, 3]).as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let query = MailQuery { words: vec!["WORD2".to_owned()], ..MailQuery::default() };
    let found = find_mail(&machine.context(), &opened, &query).unwrap();
    let [hit] = &found.messages[..] else { panic!("{found:?}") };
    assert!(hit.deleted && hit.subject == "Matter 2", "{hit:?}");
    let fetched = fetch_message(&machine.context(), &opened, &hit.id.to_hex()[..12]).unwrap();
    assert_eq!(fetched.raw, message(2).as_bytes());
    let to = machine.folder.path().join("saved");
    let save = || {
        let what = SavedAs::Message { day: Some("2026-11-20".to_owned()) };
        save_message(&machine.context(), &fetched, &what, &to, "21 November 2026").unwrap().files[0].0.path.to_string()
    };
    assert_eq!(save(), "2026-11-20 Matter 2.eml");
    assert_eq!(save(), "2026-11-20 Matter 2.eml", "the same is there already");
    assert_eq!(std::fs::read(to.join("2026-11-20 Matter 2.eml")).unwrap(), message(2).as_bytes());
    std::fs::write(to.join("2026-11-20 Matter 2.eml"), b"mine").unwrap();
    assert_eq!(save(), "2026-11-20 Matter 2 (restored 21 November 2026).eml");
    assert_eq!(std::fs::read(to.join("2026-11-20 Matter 2.eml")).unwrap(), b"mine");
    let none = fetch_message(&machine.context(), &opened, "000000000000");
    assert!(matches!(none.err(), Some(EngineError::NoSuchMessage(_))));
}

#[test]
fn no_word_of_a_message_lies_in_the_open() {
    let machine = Machine::new();
    machine.write("inbox.mbox", mailbox(&[7]).as_bytes());
    machine.backup().unwrap();
    find_mail(&machine.context(), &machine.open().unwrap(), &MailQuery::default()).unwrap();
    let mut looked_at = 0;
    let mut folders = vec![machine.folder.path().join("cache"), machine.folder.path().join("state")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let bytes = std::fs::read(&entry).unwrap().to_ascii_lowercase();
            looked_at += bytes.len();
            for needle in ["matter", "word7", "clerk", "chair@", "inbox"] {
                assert!(
                    !bytes.windows(needle.len()).any(|window| window == needle.as_bytes()),
                    "{needle} in {entry:?}"
                );
            }
        }
    }
    assert!(looked_at > 50_000, "{looked_at} bytes");
}

#[test]
fn a_damaged_mailbox_is_told_and_read_once_it_is_mended() {
    let machine = Machine::new();
    machine.write("notes.txt", b"before");
    machine.backup().unwrap();
    let before: BTreeSet<_> = machine.memory.names().into_iter().collect();
    let many: Vec<u64> = (0..2000).collect();
    machine.write("inbox.mbox", mailbox(&many).as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let file = StoredFile::open(&opened, opened.session.snapshots().0.last().unwrap(), &shown("documents/inbox.mbox"));
    assert_eq!(file.unwrap().size(), mailbox(&many).len() as u64);
    drop(opened);
    // One pack of data is gone for a while: the largest number of its packs hold data.
    let packs = machine.memory.names().into_iter().filter(|name| name.as_str().starts_with("packs/"));
    let added: Vec<_> = packs.filter(|name| !before.contains(name)).collect();
    let opened = machine.open().unwrap();
    let mut told = 0;
    for name in added {
        let bytes = machine.remove(&name).unwrap();
        std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
        let broken = machine.open().unwrap();
        if let Ok(found) = find_mail(&machine.context(), &broken, &MailQuery::default()) {
            told += usize::from(!found.damaged.is_empty());
            assert!(found.messages.len() == 2000 || !found.damaged.is_empty(), "{}", found.messages.len());
        }
        machine.memory.insert_raw(name, bytes);
        let mended = find_mail(&machine.context(), &opened, &MailQuery::default()).unwrap();
        assert_eq!((mended.messages.len(), mended.damaged.len()), (2000, 0));
    }
    assert!(told > 0, "no pack mattered");
}

#[test]
fn a_stored_file_reads_and_seeks_like_a_file() {
    let machine = Machine::new();
    let content = noise(3, 700_000);
    machine.write("a.bin", &content);
    machine.write("empty", b"");
    let sparse = std::fs::File::create(machine.source().join("sparse")).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&sparse, &content[..5000], 300_000).unwrap();
    sparse.set_len(1_000_000).unwrap();
    drop(sparse);
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let (snapshots, _) = opened.session.snapshots();
    for name in ["a.bin", "empty", "sparse"] {
        let expected = std::fs::read(machine.source().join(name)).unwrap();
        let mut file = StoredFile::open(&opened, &snapshots[0], &shown(&format!("documents/{name}"))).unwrap();
        let mut whole = Vec::new();
        file.read_to_end(&mut whole).unwrap();
        assert!(whole == expected, "{name}");
        let mut random = fastrand::Rng::with_seed(9);
        for _ in 0..200 {
            let at = random.usize(..=expected.len() + 10);
            let mut part = vec![0; random.usize(..9000)];
            file.seek(SeekFrom::Start(at as u64)).unwrap();
            let mut read = 0;
            while let Ok(more @ 1..) = file.read(&mut part[read..]) {
                read += more;
            }
            let from = at.min(expected.len());
            assert!(part[..read] == expected[from..(from + part.len()).min(expected.len())], "{name} at {at}");
        }
        assert_eq!(file.seek(SeekFrom::End(0)).unwrap(), expected.len() as u64);
        assert!(file.seek(SeekFrom::End(-2_000_000)).is_err());
    }
}

#[test]
fn mailboxes_are_found_by_what_is_in_them_wherever_they_lie() {
    let memory = MemoryStore::new();
    let recording = Arc::new(RecordingStore::new(memory.clone()));
    let machine = Machine::on(recording.clone(), memory, Configuration::small_for_tests());
    let boxes = [
        ("old/archive.2025", mailbox(&[1])),
        ("old/Sent.bak", mailbox(&[2])),
        ("Inbox", mailbox(&[3])),
        ("Inbox.txt", mailbox(&[4])),
        ("Minutes of 12.11.2025", mailbox(&[5])),
        ("saved.eml", format!("\u{feff}{}", message(6))),
        ("late.mbox", format!("\n{}", mailbox(&[7]))),
        ("photo.jpg", mailbox(&[8])),
        ("cur/1700000000.M1P2.host:2,S", message(9)),
        ("new/1700000000.M1P2.host", message(10)),
    ];
    boxes.iter().for_each(|(name, content)| machine.write(name, content.as_bytes()));
    let latin_1 = [b"From Zo\xeb Fri Nov 20 10:00:00 2026\n", message(11).as_bytes()].concat();
    machine.write("latin.1", &latin_1);
    // Nothing of these needs to be fetched to know that they are no mail.
    (0..40).for_each(|number| machine.write(&format!("data/{number}.{number}"), &noise(number, 50_000)));
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let query = |word: &str| MailQuery { words: vec![word.to_owned()], ..MailQuery::default() };
    recording.clear();
    find_mail(&machine.context(), &opened, &query("word1")).unwrap();
    let read = recording.bytes(Verb::GetRange) + recording.bytes(Verb::Get);
    assert!(read < 1_000_000, "{read} bytes read for a few small mailboxes");
    for number in 1..=boxes.len() + 1 {
        let found = find_mail(&machine.context(), &opened, &query(&format!("word{number}"))).unwrap();
        assert!(found.messages.iter().any(|hit| hit.subject == format!("Matter {number}")), "{number}: {found:?}");
        assert!(found.not_searched.is_empty(), "{:?}", found.not_searched);
    }
}

#[test]
fn what_is_called_a_mailbox_and_cannot_be_searched_is_told() {
    let machine = Machine::new();
    machine.write("inbox.mbox", mailbox(&[1]).as_bytes());
    machine.write("inbox.pst", b"not what it is called");
    machine.write("letter.msg", &noise(1, 5000));
    machine.write("minutes.msg", &[b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", &noise(2, 5000)[..]].concat());
    machine.write("empty.mbox", b"");
    let odd = format!("{}\nDear all, the glockenspiel is sold.\n\n", "From a@b.example Fri Nov 20 10:00:00 2026\n");
    machine.write("odd", format!("{}{odd}", mailbox(&[2])).as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let query = MailQuery { words: vec!["glockenspiel".to_owned()], ..MailQuery::default() };
    let found = find_mail(&machine.context(), &opened, &query).unwrap();
    let none = "it is called a mailbox, and holds none of a kind that can be searched";
    let told: Vec<String> = found.not_searched.iter().map(ToString::to_string).collect();
    assert_eq!(told[..2], [format!("documents/inbox.pst: {none}"), format!("documents/letter.msg: {none}")]);
    let of_outlook = "documents/minutes.msg: it is one message as Outlook saves it (.msg), which cannot be searched here; it is \
        backed up all the same.";
    assert!(told[2].starts_with(of_outlook), "{}", told[2]);
    assert_eq!(told[3..], ["documents/odd: one message is not understood, or not all of it"]);
    assert_eq!(found.messages.len(), 1);
}

#[test]
fn a_mailbox_that_takes_too_long_is_told_and_the_others_are_searched() {
    let machine = Machine::new();
    machine.write("a.mbox", mailbox(&[1]).as_bytes());
    let endless =
        format!("From a@b.example Fri Nov 20 10:00:00 2026\nSubject: x\n\n{}\n\n", "no end of it\n".repeat(100_000));
    machine.write("b.mbox", [mailbox(&[2]), endless, mailbox(&[3])].concat().as_bytes());
    machine.write("c.mbox", mailbox(&[4]).as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let search = || find_mail(&machine.context(), &opened, &MailQuery::default()).unwrap();
    let subjects = |found: &MailOutcome| found.messages.iter().map(|hit| hit.subject.clone()).collect::<BTreeSet<_>>();
    let told = "documents/b.mbox: a message in it takes too long to read, perhaps because the mailbox is damaged: it is searched only up \
        to there. It is backed up all the same";
    machine.environment.pass_with_each_look(Duration::from_secs(3));
    let found = search();
    assert_eq!(subjects(&found), ["Matter 1", "Matter 2", "Matter 4"].map(str::to_owned).into());
    assert!(found.damaged.is_empty() && found.not_searched.len() == 1, "{:?}", found.not_searched);
    assert_eq!(found.not_searched[0].to_string(), told);
    let too_long = fetch_message(&machine.context(), &opened, &found.messages[0].id.to_hex());
    machine.environment.pass_with_each_look(Duration::ZERO);
    assert!(too_long.is_ok());
    // A faster machine does not read it again, …
    let again = search();
    assert_eq!((subjects(&again), again.not_searched), (subjects(&found), found.not_searched));
    // … but what has changed since.
    machine.write("b.mbox", mailbox(&[2, 3, 5]).as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let found = find_mail(&machine.context(), &opened, &MailQuery::default()).unwrap();
    assert!(subjects(&found).is_superset(&["Matter 3", "Matter 5"].map(str::to_owned).into()), "{found:?}");
}

#[test]
fn a_message_that_takes_too_long_is_told_and_not_shown_in_part() {
    let machine = Machine::new();
    let long =
        format!("From a@b.example Fri Nov 20 10:00:00 2026\nSubject: x\n\n{}\n", "no end of it\n".repeat(100_000));
    machine.write("a.mbox", long.as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let found = find_mail(&machine.context(), &opened, &MailQuery::default()).unwrap();
    let id = found.messages[0].id.to_hex();
    assert!(fetch_message(&machine.context(), &opened, &id).is_ok());
    machine.environment.pass_with_each_look(Duration::from_secs(3));
    let fetched = fetch_message(&machine.context(), &opened, &id);
    assert!(matches!(fetched, Err(EngineError::MessageTakesTooLong)));
}

/// What is appended to an export comes after a line break that its last message lacked.
#[test]
fn the_last_message_of_a_mailbox_is_not_another_one_when_the_next_is_appended() {
    let machine = Machine::new();
    let whole = mailbox(&[1, 2, 3]);
    let end = mailbox(&[1, 2]).len();
    machine.write("inbox.mbox", whole[..end].trim_end().as_bytes());
    machine.backup().unwrap();
    machine.write("inbox.mbox", whole.as_bytes());
    machine.backup().unwrap();
    machine.write("inbox.mbox", whole.replace('\n', "\r\n").as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let found = find_mail(&machine.context(), &opened, &MailQuery::default()).unwrap();
    assert_eq!(found.messages.len(), 3, "{found:?}");
    assert!(found.messages.iter().all(|hit| !hit.deleted), "{found:?}");
    let last = found.messages.iter().find(|hit| hit.subject == "Matter 2").unwrap();
    let fetched = fetch_message(&machine.context(), &opened, &last.id.to_hex()).unwrap();
    assert_eq!(fetched.raw, message(2).replace('\n', "\r\n").as_bytes(), "as it lies in the newest backup");
}

/// A mailbox whose messages begin with what a mail program has noted in each.
fn noted(messages: &[(u64, &str)]) -> String {
    let one = |(number, notes): &(u64, &str)| format!("From - Fri Nov 20 10:00:00 2026\n{notes}{}\n", message(*number));
    messages.iter().map(one).collect()
}

fn search(machine: &Machine, opened: &Opened, only_deleted: bool) -> MailOutcome {
    find_mail(&machine.context(), opened, &MailQuery { only_deleted, ..MailQuery::default() }).unwrap()
}

#[test]
fn a_message_that_was_read_answered_starred_or_filed_is_the_same_message() {
    let machine = Machine::new();
    let weeks = [
        ("X-Mozilla-Status: 0000\nX-Mozilla-Keys:      \n", "X-GM-THRID: 17\nX-Gmail-Labels: Inbox,Unread\n", ""),
        ("X-Mozilla-Status: 0001\nX-Mozilla-Keys:      \n", "X-GM-THRID: 17\nX-Gmail-Labels: Inbox\n", "Status: O\n"),
        (
            "X-Mozilla-Status: 0003\nX-Mozilla-Keys: star \n",
            "X-GM-THRID: 17\nX-Gmail-Labels: Inbox,\n Starred\n",
            "X-Status: AF\nStatus: RO\nX-UID: 3\n",
        ),
    ];
    for (thunderbird, takeout, unix) in weeks {
        machine.write("Inbox", noted(&[(1, thunderbird), (2, "")]).as_bytes());
        machine.write("All.mbox", noted(&[(3, takeout)]).as_bytes());
        machine.write("mbox", noted(&[(4, unix), (5, unix)]).as_bytes());
        machine.backup().unwrap();
    }
    let opened = machine.open().unwrap();
    let found = search(&machine, &opened, false);
    assert_eq!(found.messages.len(), 5, "{found:?}");
    assert!(found.messages.iter().all(|hit| !hit.deleted && hit.mailboxes[0].snapshots == 3), "{found:?}");
    assert!(search(&machine, &opened, true).messages.is_empty());
    let one = found.messages.iter().find(|hit| hit.subject == "Matter 1").unwrap();
    let fetched = fetch_message(&machine.context(), &opened, &one.id.to_hex()).unwrap();
    let newest = format!("{}{}", weeks[2].0, message(1));
    assert_eq!(String::from_utf8(fetched.raw).unwrap(), newest, "as it lies in the newest backup");
}

#[test]
fn what_its_owner_has_deleted_and_the_mail_program_kept_is_found_as_that() {
    let machine = Machine::new();
    let (read, expunged) = ("X-Mozilla-Status: 0001\n", "X-Mozilla-Status: 0009\n");
    machine.write("Inbox", noted(&[(1, read), (2, read), (3, read), (4, read)]).as_bytes());
    machine.backup().unwrap();
    // The second was moved, which leaves a marked copy behind; the fourth is cleared away.
    machine.write("Inbox", noted(&[(1, expunged), (2, expunged), (3, read)]).as_bytes());
    machine.write("Archive", noted(&[(2, read)]).as_bytes());
    machine.backup().unwrap();
    let opened = machine.open().unwrap();
    let fates = |only_deleted| {
        let found = search(&machine, &opened, only_deleted);
        let fates = found.messages.iter().map(|hit| (hit.subject.clone(), (hit.deleted, hit.is_marked_deleted)));
        fates.collect::<BTreeMap<String, (bool, bool)>>()
    };
    let matter = |number: u64| format!("Matter {number}");
    let gone = [(matter(1), (false, true)), (matter(4), (true, false))];
    assert_eq!(fates(true), gone.clone().into());
    let there = [(matter(2), (false, false)), (matter(3), (false, false))];
    assert_eq!(fates(false), gone.into_iter().chain(there).collect());
}

#[test]
fn a_message_of_a_maildir_stays_the_same_under_every_name_that_it_is_given() {
    let machine = Machine::new();
    let name = "1700000000.M1P2.host";
    let mut before = None;
    for place in ["new", "cur:", "cur:S", "cur:RS", "cur:RST"] {
        let path = match place.split_once(':') {
            Some((folder, flags)) => format!("{folder}/{name}:2,{flags}"),
            None => format!("{place}/{name}"),
        };
        machine.write(&path, message(1).as_bytes());
        if let Some(before) = before.replace(path) {
            std::fs::remove_file(machine.source().join(before)).unwrap();
        }
        machine.backup().unwrap();
        let opened = machine.open().unwrap();
        let found = search(&machine, &opened, false);
        let [hit] = &found.messages[..] else { panic!("{place}: {found:?}") };
        assert_eq!((hit.deleted, hit.is_marked_deleted), (false, place.ends_with('T')), "{place}");
        assert_eq!(search(&machine, &opened, true).messages.len(), usize::from(place.ends_with('T')), "{place}");
    }
}
