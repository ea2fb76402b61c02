//! One ZIP export at the command line, with its parts: what is in it is backed up, whatever it is called, and what is wrong is said plainly.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::exports::{deleted, pack, write};
use cli_support::{Office, answer};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use zip::write::SimpleFileOptions;

#[test]
fn what_is_in_an_export_is_backed_up_and_comes_back() {
    let office = Office::new();
    let files = [("Minutes/May.txt", "may"), ("Minutes/June.txt", "june"), ("plan.txt", "plan")];
    write(&office, "Export.zip", &pack(&files));
    let saved = office.run(["backup", "Export.zip"]).ended(0);
    assert_eq!(saved.last_line(), "COMPLETE");
    assert!(saved.out.contains("Export (ZIP): 3 files in 2 folders, "), "{}", saved.out);
    let inside = "Export.zip: 3 files inside, newest changed 20 November 2026\n";
    assert!(saved.out.contains(inside), "{}", saved.out);
    // Next week's has another name, and nothing in it has changed.
    write(&office, "Export (1).zip", &pack(&[files[2], files[0], files[1]]));
    let json = office.run(["backup", "Export (1).zip", "--json"]).ended(0).json();
    assert_eq!((&json["files_read"], &json["files_unchanged"]), (&0.into(), &3.into()), "{json}");
    let root = &json["roots"][0];
    assert_eq!(root["newest_content"], "2026-11-20T09:30:00Z", "{json}");
    assert_eq!(root["containers"][0]["name"], "Export (1).zip", "{json}");
    assert_eq!(root["containers"][0]["hash"].as_str().unwrap().len(), 64, "{json}");
    let listed = office.run(["snapshots", "--json"]).ended(0).json();
    assert_eq!(listed["snapshots"][1]["containers"][0]["root"], "Export (ZIP)", "{listed}");
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    for (name, content) in files {
        assert_eq!(office.read(&format!("out/Export (ZIP)/{name}")), content);
    }
    assert!(office.run(["check", "--read-data"]).ended(0).last_line().starts_with("NO DAMAGE FOUND"));
}

#[test]
fn a_zip_stays_a_file_where_that_is_wanted_or_meant() {
    let office = Office::new();
    let bytes = pack(&[("inside.txt", "x")]);
    write(&office, "Export.zip", &bytes);
    write(&office, "docs/Old accounts.zip", &bytes);
    write(&office, "minutes.docx", &pack(&[("[Content_Types].xml", "x"), ("word/document.xml", "y")]));
    office.run(["backup", "--as-is", "Export.zip"]).ended(0);
    office.run(["backup", "docs", "minutes.docx"]).ended(0);
    assert_eq!(office.run(["cat", "latest:docs/Old accounts.zip"]).ended(0).bytes, bytes);
    assert_eq!(
        office.run(["cat", "latest:minutes.docx"]).ended(0).bytes,
        fs::read(office.path("minutes.docx")).unwrap()
    );
    let as_is = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(office.run(["cat", &format!("{as_is}:Export.zip")]).ended(0).bytes, bytes);
}

#[test]
fn what_only_is_a_zip_on_the_inside_stays_the_file_that_it_is_and_an_outlook_archive_is_told() {
    let office = Office::new();
    let bytes = pack(&[("Local/com.microsoft.__Messages/Inbox/message_00001.xml", "<email/>"), ("Categories.xml", "")]);
    for name in ["clerk.olm", "trees.kmz", "budget.numbers"] {
        write(&office, name, &bytes);
    }
    office.run(["backup", "--email", "clerk.olm"]).ended(0);
    assert_eq!(office.run(["cat", "latest:clerk.olm"]).ended(0).bytes, bytes);
    let found = office.run(["find", "--mail", "email"]);
    assert!(format!("{}{}", found.out, found.err).contains("clerk.olm"), "{} {}", found.out, found.err);
    for name in ["trees.kmz", "budget.numbers"] {
        let saved = office.run(["backup", name]).ended(0);
        assert!(saved.out.contains(&format!("{name}: 1 file")), "{}", saved.out);
    }
    // Two documents in ZIP files are two things, and neither is a version of the other.
    write(&office, "trees.zip", &pack(&[("trees.csv", "t")]));
    write(&office, "hall.zip", &pack(&[("hall.csv", "h")]));
    office.run(["backup", "trees.zip"]).ended(0);
    office.run(["backup", "hall.zip"]).ended(0);
    assert!(deleted(&office, "csv").is_empty());
}

#[test]
fn what_is_wrong_with_an_export_is_said_plainly() {
    let office = Office::new();
    let bytes = pack(&[("a.txt", &"minutes".repeat(100)), ("b.txt", "agenda")]);
    write(&office, "Export.zip", &bytes[..bytes.len() - 30]);
    let partial = office.run(["backup", "Export.zip"]).ended(3);
    let lost = "  Export (ZIP)/(missing part of Export.zip): the ZIP file has lost its end";
    assert!(partial.out.contains(lost), "{}", partial.out);
    write(&office, "page.zip", b"<html>Please sign in</html>");
    let failed = office.run(["backup", "page.zip"]).ended(1);
    assert!(failed.err.contains("page.zip cannot be read: it is a web page and no ZIP file"), "{}", failed.err);
    assert!(failed.err.contains("Next:  Download it again") && !failed.err.contains("rights"), "{}", failed.err);
    write(&office, "zero.zip", b"");
    let failed = office.run(["backup", "zero.zip"]).ended(1);
    assert!(failed.err.contains("zero.zip cannot be read: it is empty (0 bytes)"), "{}", failed.err);
    let beside = office.run(["backup", "docs", "page.zip"]).ended(3);
    assert!(beside.out.contains("NOT BACKED UP at all: page.zip cannot be read"), "{}", beside.out);
    write(&office, "Twice.zip", &twice());
    let told = office.run(["backup", "Twice.zip"]).ended(0);
    assert!(told.err.contains(r#"NOTE: The ZIP holds different files named "a""#), "{}", told.err);
}

#[test]
fn an_export_that_lacks_a_part_is_partial_and_the_part_is_named() {
    let office = Office::new();
    let part = |number: u32| format!("Exports/Documents-20261114T090000Z-00{number}.zip");
    write(&office, &part(2), &pack(&[("a.txt", "a")]));
    for given in ["Exports".to_owned(), part(2)] {
        let partial = office.run(["backup", &given]).ended(3);
        let said = "Documents-20261114T090000Z-001.zip: part 1 of this export is missing";
        assert!(partial.out.contains(said), "{}", partial.out);
        assert_eq!(partial.last_line(), "PARTIAL: 1 item could not be read");
    }
    write(&office, &part(1), &pack(&[("b.txt", "b")]));
    assert_eq!(office.run(["backup", "Exports"]).ended(0).last_line(), "COMPLETE");
    assert_eq!(office.run(["backup", &part(1), &part(2)]).ended(0).last_line(), "COMPLETE");
}

#[test]
fn an_export_that_holds_nothing_or_hides_something_is_not_complete() {
    let office = Office::new();
    write(&office, "empty.zip", &pack(&[]));
    let partial = office.run(["backup", "empty.zip"]).ended(3);
    let said = "  empty (ZIP)/(all of empty.zip): the ZIP file holds nothing at all";
    assert!(partial.out.contains(said), "{}", partial.out);
    // An end without members, in the comment of an archive with some.
    let mut bytes = pack(&[("a.txt", "a"), ("b.txt", "b")]);
    let at = bytes.len() - 2;
    bytes[at] = 22;
    bytes.extend_from_slice(b"PK\x05\x06");
    bytes.extend_from_slice(&[0; 18]);
    write(&office, "comment.zip", &bytes);
    let saved = office.run(["backup", "comment.zip"]).ended(0);
    assert!(saved.out.contains("comment (ZIP): 2 files in 1 folder"), "{}", saved.out);
    // Two archives one behind the other.
    let both = [pack(&[("a.txt", "a")]), pack(&[("b.txt", "b")])].concat();
    write(&office, "both.zip", &both);
    let partial = office.run(["backup", "both.zip"]).ended(3);
    assert!(partial.out.contains("both (ZIP): 2 files in 1 folder"), "{}", partial.out);
    let said = "(missing part of both.zip): the ZIP file's own list of files does not name everything";
    assert!(partial.out.contains(said), "{}", partial.out);
}

/// Each is held open while it is read, and a system allows a program 256 or 1,024 open files unless it asks for more.
#[test]
fn an_export_of_more_files_than_a_program_may_hold_open_at_first_is_read() {
    let office = Office::new();
    for number in 1..=300 {
        write(&office, &format!("Exports/OneDrive_{number}_14-11-2026.zip"), &pack(&[(&format!("{number}.txt"), "x")]));
    }
    let plain = office.command(["backup", "Exports"]);
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", "ulimit -S -n 128 && exec \"$0\" backup Exports"]).arg(plain.get_program());
    limited.env_clear().current_dir(office.path("")).stdin(Stdio::null());
    limited.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let saved = answer(&mut limited).ended(0);
    assert!(saved.out.contains("Exports: 300 files in 1 folder"), "{}", saved.out);
}

#[test]
fn a_file_from_the_future_makes_no_old_export_new() {
    let office = Office::new();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, year) in [("old.txt", 2019), ("future.txt", 2099)] {
        let time = zip::DateTime::from_date_and_time(year, 5, 1, 9, 30, 0).unwrap();
        writer.start_file(name, SimpleFileOptions::default().last_modified_time(time)).unwrap();
        writer.write_all(name.as_bytes()).unwrap();
    }
    write(&office, "Export.zip", &writer.finish().unwrap().into_inner());
    let saved = office.run(["backup", "Export.zip"]).ended(0);
    assert!(saved.out.contains("Export.zip: 2 files inside, newest changed 1 May 2019"), "{}", saved.out);
    assert!(saved.out.contains("NOTE: what is newest in Export (ZIP) is"), "{}", saved.out);
}

/// Two files of one name: the library writes none, so one name is changed afterwards.
fn twice() -> Vec<u8> {
    let mut bytes = pack(&[("a", "one"), ("b", "two")]);
    let at: Vec<usize> = (46..bytes.len()).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02")).collect();
    bytes[at[1] + 46] = b'a';
    bytes
}

#[test]
fn names_that_no_folder_here_can_hold_come_back_shortened_and_are_named() {
    let office = Office::new();
    let long = |end: &str| format!("{}{end}", "ŵ".repeat(130));
    let (first, second) = (long(" of May.docx"), long(" of June.docx"));
    let within = format!("{}/June.txt", long(""));
    write(&office, "long.zip", &pack(&[(&first, "may"), (&second, "june"), (&within, "within")]));
    assert_eq!(office.run(["backup", "--as", "long", "long.zip"]).ended(0).last_line(), "COMPLETE");
    let shortened = |answer: &serde_json::Value| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let all = answer["shortened"].as_array().unwrap().iter();
        all.map(|one| (text(&one["path"]), text(&one["written_as"]))).collect()
    };
    let restore = ["restore", "latest", "--root", "long", "--to", "out"];
    let foretold = office.run([&restore[..], &["--dry-run", "--json"]].concat()).ended(0).json();
    let restored = office.run([&restore[..], &["--json"]].concat()).ended(0).json();
    let named = shortened(&restored);
    let paths: Vec<String> = [&long(""), &second, &first].map(|name| format!("long/{name}")).to_vec();
    assert_eq!(named.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>(), paths, "{restored}");
    for (path, written_as) in &named {
        assert!(written_as.contains("ŵŵŵ") && written_as.contains(" (shortened "), "{written_as}");
        let item = foretold["items"].as_array().unwrap().iter().find(|item| item["path"] == **path).unwrap();
        assert_eq!(item["to"], **written_as, "{foretold}");
    }
    let content = |number: usize, more: &str| office.read(&format!("out/{}{more}", named[number].1));
    assert_eq!([content(0, "/June.txt"), content(1, ""), content(2, "")], ["within", "june", "may"]);
    assert!(named[2].1.ends_with(").docx"), "{}", named[2].1);

    let again = office.run(restore).ended(0);
    assert!(again.last_line().ends_with("3 items already there with the same content"), "{}", again.out);
    let head = "Under a shorter name, because no folder here can hold one that is so long:\n";
    assert!(again.out.contains(head), "{}", again.out);
    assert!(again.out.contains(&format!("  {}: written as {}\n", named[2].0, named[2].1)), "{}", again.out);

    // What has the name and is not the same stays, and what was restored is still known as what it is.
    office.write(&format!("out/{}", named[2].1), "mine");
    let beside = shortened(&office.run([&restore[..], &["--json"]].concat()).ended(0).json());
    assert!(beside[2].1.contains(" (shortened ") && beside[2].1.contains(" (restored "), "{}", beside[2].1);
    assert_eq!((content(2, ""), office.read(&format!("out/{}", beside[2].1))), ("mine".into(), "may".into()));

    // The folder above what is asked for is named too; with --flat there is none.
    let found = office.run(["find", "June.txt"]).ended(0);
    let pasted = office.paste(found.commands()[0]).ended(0);
    assert!(pasted.out.contains(&format!("  {}: written as {}\n", named[0].0, named[0].1)), "{}", pasted.out);
    assert_eq!(office.read(&format!("home/restored/{}/June.txt", named[0].1)), "within");
    let flat = office.run(["restore", "latest", &format!("long/{within}"), "--to", "flat", "--flat"]).ended(0);
    assert!(!flat.out.contains("shorter name"), "{}", flat.out);
    assert_eq!(office.read("flat/June.txt"), "within");
}
