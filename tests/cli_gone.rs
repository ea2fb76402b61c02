//! What `find` says of what became of things: what is there, what is gone, and what nobody knows; whoever backed it up, from wherever, and
//! under whatever name.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, answer};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// A search's hits by their paths: whether each is deleted, what has been backed up in its place, and why nobody knows.
fn became(office: &Office, flags: &[&str], word: &str) -> Vec<(String, bool, Option<String>, Option<String>)> {
    let found = office.run([&["find", word, "--json"][..], flags].concat()).ended(0).json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| {
        let deleted = hit["deleted"].as_bool().unwrap();
        (text(&hit["typed"]).unwrap(), deleted, text(&hit["successor"]), text(&hit["not_known"]))
    })
    .collect()
}

/// The paths that a search calls deleted.
fn deleted(office: &Office, word: &str) -> Vec<String> {
    became(office, &["--deleted"], word).into_iter().map(|(path, ..)| path).collect()
}

/// Whether a message is deleted, and what has been backed up in the place of its mailbox.
fn message_became(office: &Office, word: &str) -> (bool, Value, Value) {
    let found = office.run(["find", "--mail", word, "--json"]).ended(0).json();
    let messages = found["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1, "{found}");
    (messages[0]["deleted"].as_bool().unwrap(), messages[0]["successor"].clone(), messages[0]["not_known"].clone())
}

fn mailbox(subjects: &[&str]) -> String {
    let message = |subject: &&str| {
        format!(
            "From a@b.example Sat Nov 21 10:00:00 2026\nFrom: a@b.example\nSubject: {subject}\n\
             Date: Sat, 21 Nov 2026 10:00:00 +0000\n\nAbout {subject}, at the usual length of a letter.\n\n"
        )
    };
    subjects.iter().map(message).collect()
}

/// Another account of the same computer.
fn chair(office: &Office, arguments: &[&str]) -> Answer {
    answer(office.command(arguments).env("CHEST_STATE_DIR", office.path("state of the chair")))
}

#[test]
fn two_accounts_of_a_computer_delete_nothing_of_each_other() {
    let office = Office::new();
    office.write("clerk/Documents/burials.txt", "burials");
    office.write("clerk/Documents/Inbox", &mailbox(&["hedge"]));
    office.write("chair/Documents/speech.txt", "speech");
    chair(&office, &["writer", "enrol"]).ended(0);
    office.run(["backup", "clerk/Documents"]).ended(0);
    chair(&office, &["backup", "chair/Documents"]).ended(0);
    for _ in 0..2 {
        assert_eq!(deleted(&office, "txt"), [""; 0]);
        assert_eq!(became(&office, &[], "txt").len(), 2);
        assert!(!message_became(&office, "hedge").0);
        office.run(["backup", "clerk/Documents"]).ended(0);
    }
    fs::remove_file(office.path("clerk/Documents/burials.txt")).unwrap();
    office.write("clerk/Documents/Inbox", &mailbox(&["fence"]));
    office.run(["backup", "clerk/Documents", "--accept-shrink"]).ended(0);
    chair(&office, &["backup", "chair/Documents"]).ended(0);
    assert_eq!(deleted(&office, "txt"), ["Documents/burials.txt"]);
    assert!(message_became(&office, "hedge").0);
    // A path that both have is there as long as one has it.
    office.write("clerk/Documents/speech.txt", "another");
    office.run(["backup", "clerk/Documents"]).ended(0);
    fs::remove_file(office.path("clerk/Documents/speech.txt")).unwrap();
    office.run(["backup", "clerk/Documents", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "speech"), [""; 0]);
}

#[test]
fn what_is_deleted_after_a_computer_was_enrolled_anew_is_deleted() {
    let office = Office::new();
    office.write("docs/Minutes/november.txt", "November.");
    office.back_up().ended(0);
    for flags in [&[][..], &["--afresh"]] {
        fs::remove_dir_all(office.path("state")).unwrap();
        office.run([&["writer", "enrol"][..], flags].concat()).ended(0);
        let name = if flags.is_empty() { "october.txt" } else { "november.txt" };
        fs::remove_file(office.path("docs/Minutes").join(name)).unwrap();
        office.back_up().ended(0);
        let expected = ["docs/Minutes/".to_owned() + name];
        assert_eq!(deleted(&office, name), expected);
        let hit = office.run(["find", "budget", "--json"]).ended(0).json();
        assert_eq!(hit["hits"][0]["deleted"], false, "{hit}");
    }
    let hit = office.run(["find", "budget", "--json"]).ended(0).json();
    // What was stored afresh is cut otherwise.
    let counts: Vec<_> = hit["hits"][0]["versions"].as_array().unwrap().iter().map(|one| &one["snapshots"]).collect();
    assert_eq!(counts, [&Value::from(1), &Value::from(2)], "{hit}");
}

#[test]
fn two_folders_of_one_name_are_held_against_each_other_once_and_delete_nothing_of_each_other() {
    let office = Office::new();
    for number in 0..20 {
        office.write(&format!("allotments/docs/plot {number}.txt"), "plot");
    }
    office.write("burials/docs/graves.txt", "graves");
    office.run(["backup", "allotments/docs"]).ended(0);
    let once = office.run(["backup", "burials/docs"]).ended(6);
    assert!(once.out.contains("allotments/docs, which was backed up before under this name"), "{}", once.out);
    assert_eq!(deleted(&office, "txt"), [""; 0], "nobody has said that the one has become the other");
    let unknown = became(&office, &[], "plot 7.txt");
    let not_known = Some("root-not-backed-up".to_owned());
    assert_eq!(unknown, [("docs/plot 7.txt".to_owned(), false, None, not_known)]);
    office.run(["backup", "burials/docs", "--accept-shrink"]).ended(0);
    for _ in 0..2 {
        for folder in ["allotments/docs", "burials/docs"] {
            let complete = office.run(["backup", folder]).ended(0);
            assert!(!complete.out.contains("compared"), "{}", complete.out);
            assert_eq!(deleted(&office, "txt"), [""; 0]);
        }
    }
    // Each still has its own past.
    (0..9).for_each(|number| fs::remove_file(office.path(&format!("allotments/docs/plot {number}.txt"))).unwrap());
    let shrunk = office.run(["backup", "allotments/docs"]).ended(6);
    assert!(shrunk.out.contains("SHRUNK: docs had 20 files"), "{}", shrunk.out);
    assert_eq!(deleted(&office, "txt").len(), 9);
}

#[test]
fn what_a_mailbox_with_another_day_in_its_name_lacks_is_gone() {
    let office = Office::new();
    let (one, two, three) = ("mail-2026-11-07.mbox", "mail-2026-11-14.mbox", "mail-2026-11-21.mbox");
    for (name, subjects) in
        [(one, ["bandstand", "hedge", "fence"]), (two, ["hedge", "fence", "pond"]), (three, ["fence", "pond", "swing"])]
    {
        office.write(name, &mailbox(&subjects));
        let told = office.run(["backup", "--email", name]).ended(0);
        assert_eq!(told.out.contains("compared"), name != one, "{}", told.out);
    }
    for word in ["bandstand", "hedge"] {
        assert_eq!(message_became(&office, word), (true, three.into(), Value::Null), "{word}");
        let found = office.run(["find", "--mail", "--deleted", word]).ended(0);
        let text = format!("; not in {three}, which has been backed up in its place since\n");
        assert!(found.out.contains(&text), "{}", found.out);
    }
    for word in ["fence", "pond", "swing"] {
        assert_eq!(message_became(&office, word), (false, Value::Null, Value::Null), "{word}");
    }
    assert_eq!(deleted(&office, "mbox"), [""; 0], "a mailbox is there as long as one has come in its place");
    // The first is backed up again, and so its messages are there.
    office.run(["backup", "--email", one]).ended(0);
    assert!(!message_became(&office, "bandstand").0);
    assert!(!message_became(&office, "hedge").0);
}

#[test]
fn a_mailbox_that_was_not_complete_has_a_successor_all_the_same() {
    let office = Office::new();
    let week = |day: u32, subjects: &[&str], code: i32| {
        let name = format!("mail-2026-11-{day:02}.mbox");
        office.write(&name, &mailbox(subjects));
        office.run(["backup", "--email", &name]).ended(code);
    };
    week(7, &["pond", "path", "wall", "gate", "tree"], 0);
    week(14, &["pond", "hedge"], 6);
    week(21, &["pond", "path", "wall", "gate", "tree", "lamp"], 0);
    assert_eq!(message_became(&office, "hedge"), (true, "mail-2026-11-21.mbox".into(), Value::Null));
    assert!(!message_became(&office, "wall").0);
}

#[test]
fn what_only_a_doubted_mailbox_and_the_ones_before_it_held_is_gone_once_a_smaller_one_is_accepted() {
    let office = Office::new();
    let subjects: Vec<String> = (10..30).map(|number| format!("council{number}")).collect();
    let week = |day: u32, from: usize, flags: &[&str], code: i32| {
        let name = format!("mail-2026-11-{day:02}.mbox");
        let subjects: Vec<&str> = subjects[from..].iter().map(String::as_str).collect();
        office.write(&name, &mailbox(&subjects));
        office.run([&["backup", "--email", &name][..], flags].concat()).ended(code);
    };
    week(1, 0, &[], 0);
    week(8, 10, &[], 6);
    for (day, from, flags, code) in [(15, 15, &["--accept-shrink"][..], 0), (22, 15, &[], 0), (29, 19, &[], 6)] {
        week(day, from, flags, code);
        let newest = format!("mail-2026-11-{day}.mbox");
        let gone = (true, Value::from(newest), Value::Null);
        assert_eq!(message_became(&office, "council12"), gone, "only the first held it");
        assert_eq!(message_became(&office, "council22"), gone, "the first held it, and the one that was doubted");
        assert_eq!(message_became(&office, "council27").0, from == 19);
        assert_eq!(message_became(&office, "council29"), (false, Value::Null, Value::Null));
    }
}

/// What `find --mail --deleted` lists of the mailbox.
fn deleted_messages(office: &Office) -> usize {
    office.run(["find", "--mail", "--deleted", "--json"]).json()["messages"].as_array().unwrap().len()
}

#[test]
fn what_a_mailbox_held_that_nobody_understands_now_is_not_called_deleted() {
    let not_known = (false, Value::Null, Value::from("mailbox-not-read"));
    let gone = (true, Value::Null, Value::Null);
    let there = (false, Value::Null, Value::Null);
    let whole = mailbox(&["pond", "hedge", "fence"]);
    let middle_of_text = whole[whole.find("at the usual").unwrap()..].to_owned();
    let middle_of_head = whole[whole.find("Subject").unwrap()..].to_owned();
    let zeros = format!("{}{whole}", "\0".repeat(512));
    for (path, broken) in [
        ("mail/Inbox", &middle_of_text),
        ("mail/Inbox", &middle_of_head),
        ("mail/Inbox.mbox", &zeros),
        ("mail/Inbox", &zeros),
    ] {
        let office = Office::new();
        let back_up = |content: &str| {
            office.write(path, content);
            office.run(["backup", "--email", "mail", "--accept-shrink"]).ended(0);
        };
        back_up(&mailbox(&["gate", "pond", "hedge", "fence"]));
        back_up(&whole);
        assert!(message_became(&office, "gate").0);
        back_up(broken);
        // The same whether what is new is read into the catalogue, or everything at once.
        for _ in 0..2 {
            assert_eq!(message_became(&office, "hedge"), not_known, "{broken:?}");
            assert_eq!(message_became(&office, "gate"), gone, "it had gone before: {broken:?}");
            fs::remove_dir_all(office.path("cache")).unwrap();
        }
        assert_eq!(deleted_messages(&office), 1);
        let found = office.run(["find", "--mail", "hedge"]).ended(0);
        assert!(found.out.contains(": its mailbox could not be read in full\n"), "{}", found.out);
        assert!(found.err.contains(&format!("NOT SEARCHED, or not to its end: {path}: it ")), "{path}: {}", found.err);
        if path == "mail/Inbox" && *broken == zeros {
            back_up(&format!("{broken}and more"));
            assert_eq!(message_became(&office, "hedge"), not_known);
            back_up(&mailbox(&["pond", "fence"]));
            assert_eq!(message_became(&office, "hedge"), gone);
            assert_eq!(message_became(&office, "pond"), there);
            back_up("\n");
            assert_eq!(message_became(&office, "pond"), gone, "in blank lines there is nothing");
            back_up(broken);
            assert_eq!(message_became(&office, "pond"), gone, "it had gone before");
        }
    }
}

#[test]
fn what_a_mailbox_held_that_is_damaged_in_the_storage_is_not_called_deleted() {
    let office = Office::new();
    let subjects: Vec<String> = (10..30).map(|number| format!("hedge{number}")).collect();
    let subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
    office.write("mail/Inbox", &mailbox(&subjects));
    office.run(["backup", "--email", "mail"]).ended(0);
    let before = office.stored_files("repo/packs");
    office.write("mail/Inbox", &mailbox(&[&["pond"], &subjects[1..]].concat()));
    office.run(["backup", "--email", "mail"]).ended(0);
    let new = office.stored_files("repo/packs").into_iter().filter(|pack| !before.contains(pack));
    let pack = new.max_by_key(|pack| fs::metadata(pack).unwrap().len()).unwrap();
    let sound = fs::read(&pack).unwrap();
    let mut damaged = sound.clone();
    damaged.iter_mut().step_by(100).for_each(|byte| *byte ^= 0xff);
    fs::set_permissions(&pack, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&pack, damaged).unwrap();
    assert_eq!(deleted_messages(&office), 0);
    fs::write(&pack, sound).unwrap();
    assert_eq!(deleted_messages(&office), 1);
    assert!(message_became(&office, "hedge10").0);
}

#[test]
fn what_is_not_understood_of_the_mailbox_that_came_in_the_place_of_another_may_be_in_it() {
    let office = Office::new();
    let (one, two) = ("mail-2026-11-14.mbox", "mail-2026-11-21.mbox");
    let subjects = ["pond", "hedge", "fence"];
    office.write(one, &mailbox(&subjects));
    office.run(["backup", "--email", one]).ended(0);
    office.write(two, &format!("{}{}", "\0".repeat(512), mailbox(&subjects)));
    assert!(office.run(["backup", "--email", two]).ended(0).out.contains("compared with"));
    assert_eq!(message_became(&office, "hedge"), (false, Value::Null, "mailbox-not-read".into()));
    office.write(two, &mailbox(&subjects[1..]));
    office.run(["backup", "--email", two, "--accept-shrink"]).ended(0);
    assert_eq!(message_became(&office, "pond"), (true, two.into(), Value::Null));
    assert_eq!(message_became(&office, "hedge"), (false, Value::Null, Value::Null));
}

#[test]
fn what_a_renamed_folder_lacks_is_gone_until_the_old_one_is_named_again() {
    let office = Office::new();
    for name in ["docs/Minutes/may.txt", "docs/Minutes/june.txt", "docs/Plans/hall.txt", "docs/Accounts/2026.csv"] {
        office.write(name, name);
    }
    office.back_up().ended(0);
    let mut name = "docs".to_owned();
    for (at, lost) in ["june.txt", "hall.txt"].into_iter().enumerate() {
        let next = format!("{} - Parish", ["docs", "Council"][at]);
        fs::rename(office.path(&name), office.path(&next)).unwrap();
        let folder = if lost == "hall.txt" { "Plans" } else { "Minutes" };
        fs::remove_file(office.path(&next).join(folder).join(lost)).unwrap();
        office.run(["backup", &next, "--accept-shrink"]).ended(0);
        name = next;
    }
    let gone = |path: &str| (path.to_owned(), true, Some(name.clone()), None);
    assert_eq!(became(&office, &["--deleted"], "june"), [gone("docs/Minutes/june.txt")]);
    let mut halls = became(&office, &["--deleted"], "hall");
    halls.sort();
    assert_eq!(halls, [gone("docs - Parish/Plans/hall.txt"), gone("docs/Plans/hall.txt")]);
    assert_eq!(deleted(&office, "may"), [""; 0]);
    // What cannot be read in the new one may be there, but for what was missed in it before.
    let closed = office.path(&name).join("Minutes");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    office.run(["backup", &name]);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(became(&office, &[], "june"), [gone("docs/Minutes/june.txt")]);
    let may = became(&office, &[], "may");
    assert_eq!((may[0].1, may[0].3.as_deref()), (false, Some("folder-unreadable")));
    office.write("docs/Plans/hall.txt", "it was another folder");
    office.run(["backup", "docs", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "hall"), ["docs - Parish/Plans/hall.txt"]);
    // It is there, and has lost by itself what it has not.
    let lost = |path: &str| (path.to_owned(), true, None, None);
    assert_eq!(became(&office, &["--deleted"], "may"), [lost("docs/Minutes/may.txt")]);
}

#[test]
fn a_folder_that_is_still_there_has_not_become_another_however_alike_they_are() {
    let office = Office::new();
    for council in ["Ashby", "Thornton", "Accounts 2025", "Accounts 2026"] {
        office.write(&format!("{council}/Minutes/{council}.txt"), council);
        office.write(&format!("{council}/Plans/hall.txt"), council);
        let told = office.run(["backup", council]).ended(0);
        assert_eq!(told.out.contains("compared with"), council != "Ashby", "{}", told.out);
    }
    assert_eq!(deleted(&office, "txt"), [""; 0]);
    let ashby = Some("root-not-backed-up".to_owned());
    assert_eq!(became(&office, &[], "ashby.txt"), [("Ashby/Minutes/Ashby.txt".to_owned(), false, None, ashby)]);
}

#[test]
fn what_a_folder_has_lost_since_it_was_moved_is_gone() {
    let office = Office::new();
    office.write("docs/Plans/hall.txt", "hall");
    office.write("docs/Accounts/2026.csv", "1");
    office.back_up().ended(0);
    office.write("council/x", "x");
    fs::rename(office.path("docs"), office.path("council/docs")).unwrap();
    fs::remove_file(office.path("council/docs/budget.csv")).unwrap();
    office.run(["backup", "council/docs", "--accept-shrink"]).ended(0);
    let gone = |path: &str| (path.to_owned(), true, None, None);
    assert_eq!(became(&office, &["--deleted"], "budget"), [gone("docs/budget.csv")]);
    let hall = office.run(["find", "hall", "--json"]).ended(0).json();
    assert_eq!((&hall["hits"][0]["deleted"], &hall["hits"][0]["versions"][0]["snapshots"]), (&false.into(), &2.into()));
}

#[test]
fn what_comes_out_of_a_folder_with_the_day_in_its_name_is_one_root() {
    let office = Office::new();
    for (day, names) in
        [("2026-11-07", ["may", "june"]), ("2026-11-14", ["may", "july"]), ("2026-11-21", ["may", "july"])]
    {
        names.iter().for_each(|name| office.write(&format!("exports/{day}/council/{name}.txt"), name));
        let path = format!("exports/{day}/council");
        assert!(!office.run(["backup", &path]).ended(0).out.contains("compared"), "{day}");
    }
    assert_eq!(deleted(&office, "txt"), ["council/june.txt"]);
    let may = office.run(["find", "may", "--json"]).ended(0).json();
    assert_eq!(may["hits"][0]["versions"].as_array().unwrap().len(), 3, "each was copied anew");
}

#[test]
fn what_nobody_knows_is_told_from_what_is_there() {
    let office = Office::new();
    office.write("docs/closed/emu.txt", "emu");
    office.write("photos/jubilee.txt", "jubilee");
    office.run(["backup", "docs", "photos"]).ended(0);
    let closed = office.path("docs/closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    office.back_up().ended(3);
    let said = |word: &str| office.run(["find", word]).ended(0).out;
    assert!(
        said("emu").contains("; not known since ")
            && said("emu").contains(": it, or a folder above it, could not be read\n")
    );
    assert!(said("jubilee").contains(": photos has not been backed up since\n"), "{}", said("jubilee"));
    assert!(!said("budget").contains("not known"));
    let code = |word: &str| became(&office, &[], word).remove(0).3;
    assert_eq!(code("emu").as_deref(), Some("folder-unreadable"));
    assert_eq!(code("jubilee").as_deref(), Some("root-not-backed-up"));
    assert_eq!(code("budget"), None);
    assert_eq!(deleted(&office, "txt"), [""; 0]);
    fs::rename(office.path("photos"), office.path("elsewhere")).unwrap();
    office.run(["backup", "docs", "photos"]).ended(6);
    assert_eq!(code("jubilee").as_deref(), Some("root-unreadable"));
    assert!(said("jubilee").contains(": photos was not there, or could not be read\n"), "{}", said("jubilee"));
    // Whoever accepts it knows.
    office.run(["backup", "docs", "photos", "--accept-shrink"]).ended(3);
    assert_eq!((code("jubilee"), deleted(&office, "jubilee")), (None, vec!["photos/jubilee.txt".to_owned()]));
    fs::rename(office.path("elsewhere"), office.path("photos")).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_file(closed.join("emu.txt")).unwrap();
    office.run(["backup", "docs", "photos", "--accept-shrink"]).ended(0);
    assert_eq!((code("jubilee"), code("emu")), (None, None));
    assert_eq!(deleted(&office, "txt"), ["docs/closed/emu.txt"]);
}

#[test]
fn what_was_in_two_roots_is_in_doubt_for_the_one_that_has_not_been_backed_up_since() {
    let office = Office::new();
    office.write("mail/Old", &mailbox(&["hedge", "pond", "fence"]));
    office.write("mail/Inbox", &mailbox(&["pond", "hedge", "fence"]));
    for _ in 0..2 {
        office.run(["backup", "--class", "email", "mail/Old"]).ended(0);
        office.run(["backup", "--class", "email", "mail/Inbox"]);
    }
    office.write("mail/Inbox", &mailbox(&["pond", "fence"]));
    for _ in 0..2 {
        office.run(["backup", "--class", "email", "mail/Inbox", "--accept-shrink"]).ended(0);
    }
    let said = office.run(["find", "--mail", "hedge"]).ended(0).out;
    assert!(said.contains("in Inbox") && said.contains(": Old has not been backed up since\n"), "{said}");
    let found = office.run(["find", "--mail", "hedge", "--json"]).ended(0).json();
    let (message, old) = (&found["messages"][0], office.path("mail/Old"));
    assert_eq!(message["not_known"], "root-not-backed-up");
    assert_eq!(message["not_known_root"], serde_json::json!({ "root": "Old", "path": old.to_str().unwrap() }));
    office.run(["backup", "--class", "email", "mail/Old"]).ended(0);
    assert!(!message_became(&office, "hedge").0, "it is in Old");
}

#[test]
fn of_two_places_of_one_name_it_is_told_which_has_not_been_backed_up_since() {
    let office = Office::new();
    office.write("Downloads/docs/plan.txt", "plan");
    office.write("Desktop/docs/hall.txt", "hall");
    office.run(["backup", "Downloads/docs"]).ended(0);
    let said = |word: &str| office.run(["find", word]).ended(0).out;
    for folder in ["Desktop/docs", "Downloads/docs"] {
        office.run(["backup", folder, "--accept-shrink"]).ended(0);
    }
    let desktop = office.path("Desktop/docs");
    let expected = format!(": docs from {} has not been backed up since\n", desktop.display());
    assert!(said("hall").contains(&expected), "{}", said("hall"));
    assert!(!said("plan").contains("not known"), "{}", said("plan"));
}

#[test]
fn what_a_pattern_leaves_out_has_not_gone() {
    let office = Office::new();
    for (name, content) in [("clip.mp4", "clip"), ("films/a.txt", "a"), ("desktop.ini", "x"), ("gone.txt", "gone")] {
        office.write(&format!("papers/{name}"), content);
    }
    office.write("papers/Old", &mailbox(&["pavilion"]));
    office.write("papers/Inbox", &mailbox(&["pond"]));
    office.run(["backup", "papers", "--no-default-excludes"]).ended(0);
    assert!(!message_became(&office, "pavilion").0);
    fs::remove_file(office.path("papers/gone.txt")).unwrap();
    let patterns = ["--exclude", "*.mp4", "--exclude", "films/", "--exclude", "Old"];
    office.run([&["backup", "papers", "--accept-shrink"][..], &patterns].concat()).ended(0);
    for (word, deleted) in [("clip", false), ("a.txt", false), ("desktop", false), ("gone", true)] {
        let (_, is_deleted, _, not_known) = became(&office, &[], word).remove(0);
        assert_eq!((is_deleted, not_known.as_deref()), (deleted, (!deleted).then_some("left-out")), "{word}");
    }
    let said = office.run(["find", "clip"]).ended(0).out;
    assert!(said.contains(": a pattern leaves it out of the newest backup\n"), "{said}");
    assert_eq!(message_became(&office, "pavilion"), (false, Value::Null, "left-out".into()));
    assert_eq!(deleted(&office, "t"), ["papers/gone.txt"]);
}

#[test]
fn a_class_means_what_a_version_was_backed_up_as() {
    let office = Office::new();
    office.write("papers/plan.txt", "one");
    office.write("papers/Inbox", &mailbox(&["hedge", "pond"]));
    office.run(["backup", "papers"]).ended(0);
    office.write("papers/plan.txt", "another");
    office.write("papers/Inbox", &mailbox(&["pond", "fence"]));
    office.run(["backup", "--class", "email", "papers"]).ended(0);
    let found = |class: &str| office.run(["find", "plan", "--class", class, "--json"]).ended(0).json();
    for (class, size) in [("documents", 3), ("email", 7)] {
        let found = found(class);
        let hit = &found["hits"][0];
        assert_eq!(
            (&hit["versions"][0]["size"], hit["versions"].as_array().unwrap().len()),
            (&size.into(), 1),
            "{found}"
        );
        assert_eq!(hit["deleted"], false, "the file is there, whatever it is backed up as: {found}");
    }
    assert_eq!(found("other")["hits"], Value::Array(Vec::new()));
    let mail = |class: &str, word: &str| {
        let found = office.run(["find", "--mail", word, "--class", class, "--json"]).ended(0).json();
        found["messages"].as_array().unwrap().iter().map(|one| one["deleted"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((mail("documents", "hedge"), mail("email", "hedge")), (vec![true], vec![]));
    assert_eq!((mail("documents", "pond"), mail("email", "pond")), (vec![false], vec![false]));
    assert_eq!((mail("documents", "fence"), mail("email", "fence")), (vec![], vec![false]));
}
