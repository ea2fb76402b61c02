//! What the product is for: something is gone, nobody knows since when, and it is found and saved in three commands.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use std::fs;

fn message(subject: &str, text: &str) -> String {
    format!(
        "From: Zoë Clerk <clerk@example.org>\nTo: Chair <chair@example.org>\nSubject: {subject}\n\
         Date: Fri, 20 Nov 2026 10:00:00 +0000\nMessage-ID: <{subject}@example.org>\nMIME-Version: 1.0\n\
         Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html; charset=utf-8\n\n\
         <p>{text}</p><script>steal()</script><a href=\"https://evil.example\">https://bank.example</a>\n\
         --b\nContent-Type: application/pdf; name=\"../Quotation.pdf\"\nContent-Transfer-Encoding: base64\n\n/wD/\n--b--\n"
    )
}

fn mailbox(messages: &[String]) -> String {
    messages.iter().map(|message| format!("From clerk@example.org Fri Nov 20 10:00:00 2026\n{message}\n")).collect()
}

/// A file goes in week 2 and a message in week 3; six weeks are backed up.
fn six_weeks() -> (Office, String) {
    let office = Office::new();
    let lost = message("Hedge", "Cut it before the jubilee.");
    let mut messages: Vec<String> = vec![message("Allotments", "Plot 7."), lost.clone(), message("Graves", "None.")];
    // A file fewer among these is no shrunken folder.
    (0..40).for_each(|number| office.write(&format!("docs/Plans/{number}.txt"), &"a plan ".repeat(200)));
    office.write("docs/Burial register.csv", "plot,name\n17,Amos Thatcher\n");
    for week in 1..=6 {
        match week {
            2 => fs::remove_file(office.path("docs/Burial register.csv")).unwrap(),
            3 => drop(messages.remove(1)),
            _ => messages.push(message(&format!("Week {week}"), "Nothing new.")),
        }
        office.write("docs/mail/Inbox", &mailbox(&messages));
        office.back_up().ended(0);
    }
    (office, lost)
}

#[test]
fn a_file_and_a_message_lost_weeks_ago_are_found_and_saved_in_three_commands() {
    let (office, lost) = six_weeks();
    let found = office.run(["find", "burial"]).ended(0);
    let [command] = found.commands()[..] else { panic!("{}", found.out) };
    assert!(found.out.contains("; in the backup of ") && found.out.contains("; deleted since\n"), "{}", found.out);
    office.paste(command).ended(0);
    assert_eq!(office.read("home/restored/docs/Burial register.csv"), "plot,name\n17,Amos Thatcher\n");

    let found = office.run(["find", "--mail", "JUBILEE"]).ended(0);
    let [command] = found.commands()[..] else { panic!("{}", found.out) };
    for part in ["Zoë Clerk <clerk@example.org>: Hedge, 1 attachment\n", "  in docs/mail/Inbox; in 2 backups of "] {
        assert!(found.out.contains(part), "{part}: {}", found.out);
    }
    assert!(found.out.contains("; deleted since\n") && found.hits().len() == 1, "{}", found.out);
    let saved = office.paste(command).ended(0);
    let place = office.path("home/restored/2026-11-20 Hedge.eml").display().to_string();
    assert!(saved.out.starts_with(&format!("{place}  ")), "{}", saved.out);
    assert_eq!(office.read("home/restored/2026-11-20 Hedge.eml"), lost);
    assert_eq!(office.paste(command).ended(0).out, format!("{place} is there already\n"));
    office.write("home/restored/2026-11-20 Hedge.eml", "mine");
    for _ in 0..2 {
        office.paste(command).ended(0);
    }
    assert_eq!(office.read("home/restored/2026-11-20 Hedge.eml"), "mine");
    let saved = office.stored_files("home/restored").into_iter();
    let messages = saved.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    assert_eq!(messages.count(), 2, "saved beside mine, and once");
}

#[test]
fn every_backup_that_has_a_message_is_shown_to_whoever_asks() {
    let (office, _) = six_weeks();
    let found = office.run(["find", "--mail", "--versions", "jubilee"]).ended(0);
    let backups: Vec<&str> = found.out.lines().filter(|line| line.starts_with("    backup ")).collect();
    assert_eq!(backups.len(), 2, "{}", found.out);
    let ids: Vec<String> = backups.iter().map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect();
    for id in &ids {
        office.run(["cat", &format!("{id}:docs/mail/Inbox")]).ended(0);
    }
    let json = office.run(["find", "--mail", "--versions", "jubilee", "--json"]).ended(0).json();
    let mailbox = &json["messages"][0]["mailboxes"][0];
    let seen = mailbox["seen"].as_array().unwrap().iter().map(|one| one["snapshot"].as_str().unwrap()[..12].to_owned());
    assert_eq!((seen.collect::<Vec<_>>(), &mailbox["snapshots"]), (ids, &2.into()), "{json}");
}

#[test]
fn what_is_attached_is_saved_once_under_names_that_do_no_harm() {
    let office = Office::new();
    let part = |name: &str, content: &str| {
        format!("--b\nContent-Type: application/pdf; name=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{content}\n")
    };
    let names = ["-rf.pdf", "../../x.pdf", "CON.pdf", "same.pdf", "same.pdf", "same.pdf", &"l".repeat(300)];
    let contents = ["AAA=", "AAE=", "AAI=", "AAM=", "AAQ=", "AAM=", "AAU="];
    let parts: String = names.iter().zip(contents).map(|(name, content)| part(name, content)).collect();
    let raw = format!(
        "From: a@example.org\nTo: b@example.org\nSubject: Files\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n{parts}--b--\n"
    );
    office.write("docs/Inbox", &mailbox(&[raw]));
    office.back_up().ended(0);
    office.write("out/rf.pdf", "mine, and longer");
    let found = office.run(["find", "--mail", "files"]).ended(0);
    let shown = office.run(["mail", "show", &found.hits()[0][..12]]).ended(0);
    let advised = shown.err.lines().find_map(|line| line.strip_prefix("To save what is attached: ")).unwrap();
    let save = advised.replace("~/restored", "out");
    let first = office.paste(&save).ended(0).out;
    let saved = office.stored_files("out");
    assert_eq!(saved.len(), 7, "six different ones and mine: {first}");
    for name in ["x.pdf", "file CON.pdf", "same.pdf"] {
        assert!(office.path("out").join(name).exists(), "{name}: {first}");
    }
    let names = || saved.iter().map(|path| path.file_name().unwrap().to_str().unwrap());
    assert!(names().all(|name| !name.starts_with('-') && name.len() < 200), "{saved:?}");
    assert_eq!(office.read("out/rf.pdf"), "mine, and longer");
    assert_eq!(first.matches("is there already").count(), 1, "the same under the same name: {first}");
    let again = office.paste(&save).ended(0).out;
    assert_eq!(again.matches("is there already").count(), 7, "{again}");
    assert_eq!(office.stored_files("out").len(), 7, "{again}");
}

#[test]
fn a_message_is_looked_at_without_harm_and_what_is_attached_is_saved() {
    let (office, _) = six_weeks();
    let found = office.run(["find", "--mail", "hedge", "--json"]).ended(0).json();
    let id = found["messages"][0]["id"].as_str().unwrap()[..8].to_owned();
    let shown = office.run(["mail", "show", &id]).ended(0).out;
    for part in ["From: Zoë Clerk", "Subject: Hedge", "Attached: ", "Cut it before", "[https://evil.example]"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("steal") && !shown.contains("<p>"), "{shown}");
    let saved = office.run(["mail", "save", &id, "--attachments", "--to", "out"]).ended(0);
    assert!(saved.out.starts_with("out/Quotation.pdf  "), "{}", saved.out);
    assert_eq!(fs::read(office.path("out/Quotation.pdf")).unwrap(), [0xff, 0, 0xff]);
    let unknown = office.run(["mail", "show", "000000"]).ended(1);
    assert!(unknown.err.contains("no message with the id") && unknown.err.contains("find --mail"), "{}", unknown.err);
    office.run(["mail", "show", "xyz"]).ended(2);
}

#[test]
fn a_message_that_was_only_read_is_there_and_one_that_is_marked_as_deleted_is_told() {
    let office = Office::new();
    let noted = |status: &str, subject: &str| format!("X-Mozilla-Status: {status}\n{}", message(subject, "Cut it."));
    office.write("mail/Inbox", &mailbox(&[noted("0000", "Hedge"), noted("0000", "Hall")]));
    office.run(["backup", "--email", "mail"]).ended(0);
    office.write("mail/Inbox", &mailbox(&[noted("0003", "Hedge"), noted("0009", "Hall")]));
    office.run(["backup", "--email", "mail"]).ended(0);
    let found = office.run(["find", "--mail"]).ended(0);
    let lines: Vec<&str> = found.out.lines().filter(|line| line.starts_with("  in ")).collect();
    assert!(lines.iter().all(|line| line.starts_with("  in mail/Inbox; in 2 backups of ")), "{}", found.out);
    let marked = lines.iter().filter(|line| line.ends_with("; marked as deleted in the mail program"));
    assert_eq!((lines.len(), marked.count()), (2, 1), "{}", found.out);
    assert!(!found.out.contains("deleted since"), "{}", found.out);
    let json = office.run(["find", "--mail", "--deleted", "--json"]).ended(0).json();
    let [hit] = &json["messages"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(
        (&hit["subject"], &hit["deleted"], &hit["marked_deleted"]),
        (&"Hall".into(), &false.into(), &true.into())
    );
}

#[test]
fn what_is_attached_to_a_forwarded_message_is_found_shown_and_saved() {
    let office = Office::new();
    let raw = format!(
        "From: a@example.org\nTo: b@example.org\nSubject: Fwd\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\
         MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=f\n\n--f\n\nSee below.\n\
         --f\nContent-Type: message/rfc822\n\n{}\n--f--\n",
        message("Hedge", "Cut it.")
    );
    office.write("docs/Inbox", &mailbox(&[raw]));
    office.back_up().ended(0);
    let found = office.run(["find", "--attachment", "quotation"]).ended(0);
    assert!(found.hits()[0].ends_with(": Fwd, 2 attachments"), "{}", found.out);
    let id = &found.hits()[0][..12];
    let shown = office.run(["mail", "show", id]).ended(0);
    let attached: Vec<&str> = shown.out.lines().filter_map(|line| line.strip_prefix("Attached: ")).collect();
    let [forwarded, inside] = attached[..] else { panic!("{}", shown.out) };
    assert!(forwarded.starts_with("Hedge.eml (") && forwarded.ends_with(", message/rfc822)"), "{forwarded}");
    assert!(
        inside.starts_with("../Quotation.pdf (") && inside.ends_with(", application/pdf), within Hedge.eml"),
        "{inside}"
    );
    let saved = office.run(["mail", "save", id, "--attachments", "--to", "out"]).ended(0);
    assert_eq!(saved.out.lines().count(), 2, "{}", saved.out);
    assert_eq!(fs::read(office.path("out/Quotation.pdf")).unwrap(), [0xff, 0, 0xff]);
    assert_eq!(office.read("out/Hedge.eml").trim_end(), message("Hedge", "Cut it.").trim_end());
}

#[test]
fn that_not_all_of_a_message_is_shown_or_taken_out_of_it_is_said_by_words_json_and_exit_code() {
    let office = Office::new();
    let head = |subject: &str| {
        format!("From: a@example.org\nTo: b@example.org\nSubject: {subject}\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n")
    };
    let part = |number: usize| format!("--b\nContent-Disposition: attachment; filename=n{number}.txt\n\nq{number}\n");
    let parts: String = (0..1001).map(part).collect();
    let many = format!("{}Content-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n", head("many"));
    office.write("docs/many.eml", &many);
    office
        .write("docs/long.eml", &format!("{}\n{}THE LAST LINE\n", head("long"), "lorem ipsum dolor\n".repeat(70_000)));
    office.back_up().ended(0);
    let id = |subject: &str| office.run(["find", "--subject", subject]).ended(0).hits()[0][..12].to_owned();
    let (many_id, long_id) = (id("many"), id("long"));

    let shown = office.run(["mail", "show", &long_id]).ended(0);
    assert!(shown.err.contains("NOT ALL OF IT IS SHOWN") && !shown.out.contains("THE LAST LINE"), "{}", shown.err);
    let json = office.run(["mail", "show", &long_id, "--json"]).ended(0).json();
    assert_eq!((&json["text_cut"], &json["files_cut"]), (&true.into(), &false.into()));

    let shown = office.run(["mail", "show", &many_id]).ended(0);
    assert!(shown.err.contains("NOT ALL OF IT") && shown.out.matches("Attached: ").count() == 1000, "{}", shown.err);
    let json = office.run(["mail", "show", &many_id, "--json"]).ended(0).json();
    assert_eq!((&json["text_cut"], &json["files_cut"]), (&false.into(), &true.into()));
    let saved = office.run(["mail", "save", &many_id, "--attachments", "--to", "out"]).ended(3);
    assert!(saved.err.contains("NOT ALL OF IT") && office.stored_files("out").len() == 1000, "{}", saved.err);
    let json = office.run(["mail", "save", &many_id, "--attachments", "--to", "out", "--json"]).ended(3).json();
    assert_eq!((&json["files_cut"], json["files"].as_array().unwrap().len()), (&true.into(), 1000));
    office.run(["mail", "save", &many_id, "--to", "out"]).ended(0);
    assert_eq!(office.read("out/2026-11-20 many.eml"), many);
}

#[test]
fn a_message_that_was_cut_off_is_shown_and_saved_as_far_as_it_goes_and_that_is_said() {
    let office = Office::new();
    let raw = "From: a@example.org\nTo: b@example.org\nSubject: Quote\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\
        Content-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n--b\n\
        Content-Disposition: attachment; filename=quote.pdf\nContent-Transfer-Encoding: base64\n\n/wD/\nAw";
    office.write("docs/quote.eml", raw);
    office.back_up().ended(0);
    let found = office.run(["find", "--mail", "quote"]).ended(0);
    assert!(found.err.contains("NOT SEARCHED"), "{}", found.err);
    let id = &found.hits()[0][..12];
    let shown = office.run(["mail", "show", id]).ended(0);
    assert!(shown.err.contains("DAMAGED: this message was cut off"), "{}", shown.err);
    assert_eq!(office.run(["mail", "show", id, "--json"]).ended(0).json()["damaged"], true);
    let saved = office.run(["mail", "save", id, "--attachments", "--to", "out"]).ended(3);
    assert!(saved.err.contains("DAMAGED: this message was cut off"), "{}", saved.err);
    assert_eq!(fs::read(office.path("out/quote.pdf")).unwrap(), [0xff, 0, 0xff, 3]);
    assert!(office.read("out/damaged.txt").contains("quote.pdf"));
    let json = office.run(["mail", "save", id, "--to", "whole", "--json"]).ended(3).json();
    assert_eq!((&json["damaged"], &json["files_cut"]), (&true.into(), &false.into()));
    assert_eq!(office.read("whole/2026-11-20 Quote.eml"), raw);
    assert!(office.read("whole/damaged.txt").contains("quote.pdf"));
}

#[test]
fn a_search_counts_attachments_without_a_name_as_a_look_at_the_message_does() {
    let office = Office::new();
    let raw = "From: a@example.org\nTo: b@example.org\nSubject: Files\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\
        MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nSee below.\n\
        --b\nContent-Type: application/pdf\nContent-Disposition: attachment\n\none\n--b--\n";
    office.write("docs/Inbox", &mailbox(&[raw.to_owned()]));
    office.back_up().ended(0);
    let found = office.run(["find", "--mail", "files"]).ended(0);
    assert!(found.hits()[0].ends_with(": Files, 1 attachment"), "{}", found.out);
    let shown = office.run(["mail", "show", &found.hits()[0][..12]]).ended(0);
    assert!(shown.out.contains("Attached: attachment 1"), "{}", shown.out);
    let json = office.run(["find", "--mail", "--attachment", "attachment 1", "--json"]).ended(0).json();
    assert_eq!(json["messages"][0]["attachments"], serde_json::json!(["attachment 1"]), "{json}");
}

#[test]
fn a_search_for_mail_is_narrowed_by_people_subject_attachment_time_and_class() {
    let (office, _) = six_weeks();
    let count = |arguments: &[&str]| {
        let arguments = [&["find"], arguments].concat();
        office.run(&arguments).ended(0).hits().len()
    };
    assert_eq!(count(&["--mail"]), 7, "every message that ever was");
    assert_eq!(count(&["--mail", "--deleted"]), 1);
    assert_eq!(count(&["--from", "zoë"]), 7);
    assert_eq!(count(&["--from", "chair"]), 0);
    assert_eq!(count(&["--subject", "week"]), 4);
    assert_eq!(count(&["--attachment", "quotation", "plot"]), 1);
    assert_eq!(count(&["--mail", "--since", "2026-11-21"]), 0);
    assert_eq!(count(&["--mail", "--since", "2026-11-20", "--before", "2026-11-21"]), 7);
    assert_eq!(count(&["--mail", "--class", "email"]), 0);
    let none = office.run(["find", "--mail", "unicorn"]).ended(0);
    assert!(none.err.contains("No such message in 6 backups."), "{}", none.err);
    office.run(["find", "--mail", "--since", "yesterday"]).ended(2);
    office.run(["find"]).ended(2);
}

#[test]
fn what_is_named_by_itself_is_found_by_its_own_name_and_by_the_messages_in_it() {
    let office = Office::new();
    let (first, lost) = (message("Allotments", "Plot 7."), message("Hedge", "Cut it before the jubilee."));
    office.write("takeout.mbox", &mailbox(&[first.clone(), lost.clone()]));
    office.write("budget 2026.csv", "hall,120\n");
    office.run(["backup", "--class", "email", "takeout.mbox"]).ended(0);
    office.run(["backup", "budget 2026.csv"]).ended(0);
    // In the next week's export a message is gone; and the file has become a folder of the same name.
    office.write("takeout.mbox", &mailbox(&[first]));
    office.run(["backup", "--class", "email", "--accept-shrink", "takeout.mbox"]).ended(0);
    fs::remove_file(office.path("budget 2026.csv")).unwrap();
    office.write("budget 2026.csv/notes.txt", "a folder now");
    office.run(["backup", "budget 2026.csv", "--accept-shrink"]).ended(0);

    let found = office.run(["find", "--mail", "--deleted", "jubilee"]).ended(0);
    assert!(found.out.contains("Hedge") && found.out.contains("takeout.mbox"), "{}", found.out);
    office.paste(found.commands()[0]).ended(0);
    let saved = office.stored_files("home/restored");
    assert_eq!((saved.len(), fs::read_to_string(&saved[0]).unwrap()), (1, lost));

    assert!(office.run(["find", "TAKEOUT"]).ended(0).out.starts_with("takeout.mbox"));
    let found = office.run(["find", "--deleted", "budget"]).ended(0);
    assert_eq!(found.hits(), ["budget 2026.csv"], "{}", found.out);
    office.paste(found.commands()[0]).ended(0);
    assert_eq!(office.read("home/restored/budget 2026.csv"), "hall,120\n");
}
