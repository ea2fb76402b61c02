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

/// The command that the program writes out.
fn advised(said: &str) -> Vec<String> {
    let command = said.lines().find_map(|line| line.split_once(": chest ")).unwrap_or_else(|| panic!("{said}")).1;
    let command = command.replace("FOLDER", "out");
    let mut words = Vec::new();
    for (number, part) in command.split('\'').enumerate() {
        match number % 2 {
            1 => words.push(part.to_owned()),
            _ => words.extend(part.split_whitespace().map(str::to_owned)),
        }
    }
    words
}

#[test]
fn a_file_and_a_message_lost_weeks_ago_are_found_and_saved_in_three_commands() {
    let (office, lost) = six_weeks();
    let found = office.run(["find", "burial"]).ended(0);
    assert!(found.out.ends_with(", deleted since\n") && found.out.lines().count() == 1, "{}", found.out);
    office.run(advised(&found.err)).ended(0);
    assert_eq!(office.read("out/docs/Burial register.csv"), "plot,name\n17,Amos Thatcher\n");

    let found = office.run(["find", "--mail", "JUBILEE"]).ended(0);
    assert!(
        found.out.contains("Zoë Clerk <clerk@example.org>: Hedge, 1 attachment, in docs/mail/Inbox"),
        "{}",
        found.out
    );
    assert!(found.out.ends_with(", deleted since\n") && found.out.lines().count() == 1, "{}", found.out);
    let saved = office.run(advised(&found.err)).ended(0);
    assert!(saved.out.starts_with("out/2026-11-20 Hedge.eml  "), "{}", saved.out);
    assert_eq!(office.read("out/2026-11-20 Hedge.eml"), lost);
    let again = office.run(advised(&found.err)).ended(0);
    assert_eq!(again.out, "out/2026-11-20 Hedge.eml is there already\n");
    office.write("out/2026-11-20 Hedge.eml", "mine");
    office.run(advised(&found.err)).ended(0);
    assert_eq!(office.read("out/2026-11-20 Hedge.eml"), "mine");
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
    assert!(saved.out.starts_with("out/-Quotation.pdf  "), "{}", saved.out);
    assert_eq!(fs::read(office.path("out/-Quotation.pdf")).unwrap(), [0xff, 0, 0xff]);
    let unknown = office.run(["mail", "show", "000000"]).ended(1);
    assert!(unknown.err.contains("no message with the id") && unknown.err.contains("find --mail"), "{}", unknown.err);
    office.run(["mail", "show", "xyz"]).ended(2);
}

#[test]
fn a_search_for_mail_is_narrowed_by_people_subject_attachment_time_and_class() {
    let (office, _) = six_weeks();
    let count = |arguments: &[&str]| {
        let arguments = [&["find"], arguments].concat();
        office.run(&arguments).ended(0).out.lines().count()
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
    let save = advised(&found.err);
    office.run(save.iter().map(String::as_str)).ended(0);
    let saved = office.stored_files("out");
    assert_eq!((saved.len(), fs::read_to_string(&saved[0]).unwrap()), (1, lost));

    assert!(office.run(["find", "TAKEOUT"]).ended(0).out.starts_with("takeout.mbox"));
    let found = office.run(["find", "--deleted", "budget"]).ended(0);
    assert_eq!(found.out.lines().filter(|line| line.starts_with("budget 2026.csv  ")).count(), 1, "{}", found.out);
    let restore: Vec<String> = advised(&found.err).iter().map(|word| word.replace("out", "again")).collect();
    office.run(restore.iter().map(String::as_str)).ended(0);
    assert_eq!(fs::read_to_string(office.path("again/budget 2026.csv")).unwrap(), "hall,120\n");
}
