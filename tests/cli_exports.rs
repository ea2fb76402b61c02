//! ZIP exports at the command line: what is in them is backed up, whatever they are called, and what is wrong is said plainly.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use std::fs;
use std::io::Write;
use std::time::{Duration, SystemTime};
use zip::write::SimpleFileOptions;

/// An archive with these files, last changed on 20 November 2026 at half past nine.
fn pack(files: &[(&str, &str)]) -> Vec<u8> {
    let time = zip::DateTime::from_date_and_time(2026, 11, 20, 9, 30, 0).unwrap();
    let options = SimpleFileOptions::default().last_modified_time(time);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn write(office: &Office, name: &str, bytes: &[u8]) {
    office.write(name, "");
    fs::write(office.path(name), bytes).unwrap();
}

fn age(office: &Office, name: &str, days: u64) {
    // The program that is tried out asks the system, so the files must be as old by the same clock.
    #[allow(clippy::disallowed_methods)]
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    fs::File::options().write(true).open(office.path(name)).unwrap().set_modified(time).unwrap();
}

#[test]
fn what_is_in_an_export_is_backed_up_and_comes_back() {
    let office = Office::new();
    let files = [("Minutes/May.txt", "may"), ("Minutes/June.txt", "june"), ("plan.txt", "plan")];
    write(&office, "Export.zip", &pack(&files));
    let saved = office.run(["backup", "Export.zip"]).ended(0);
    assert_eq!(saved.last_line(), "COMPLETE");
    assert!(saved.out.contains("OneDrive export: 3 files in 2 folders, "), "{}", saved.out);
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
    assert_eq!(listed["snapshots"][1]["containers"][0]["root"], "OneDrive export", "{listed}");
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    for (name, content) in files {
        assert_eq!(office.read(&format!("out/OneDrive export/{name}")), content);
    }
    assert!(office.run(["check", "--read-data"]).ended(0).last_line().starts_with("NO DAMAGE FOUND"));
}

#[test]
fn parts_are_one_export_and_of_a_folder_of_exports_the_newest_is_taken() {
    let office = Office::new();
    for (name, days) in [("1_20-11-2026", 1), ("2_20-11-2026", 1), ("1_13-11-2026", 8), ("1_6-11-2026", 15)] {
        let name = format!("Exports/OneDrive_{name}.zip");
        write(&office, &name, &pack(&[(name.rsplit('/').next().unwrap(), "in it"), ("same.txt", "same")]));
        age(&office, &name, days);
    }
    let parts = ["Exports/OneDrive_2_20-11-2026.zip", "Exports/OneDrive_1_20-11-2026.zip"];
    let saved = office.run(["backup", parts[0], parts[1], "--as", "OneDrive"]).ended(0);
    assert!(saved.out.contains("OneDrive: 3 files in 1 folder, "), "{}", saved.out);
    let inside = "OneDrive_1_20-11-2026.zip, OneDrive_2_20-11-2026.zip: 3 files inside, ";
    assert!(saved.out.contains(inside), "{}", saved.out);
    let saved = office.run(["backup", "Exports"]).ended(0);
    assert!(saved.out.contains("Exports: 3 files in 1 folder, "), "{}", saved.out);
    assert!(saved.err.contains("NOTE: 2 older exports in this folder are not part of this backup"), "{}", saved.err);
    let json = office.run(["backup", "Exports", "--json"]).ended(0).json();
    assert!(json["notes"][0].as_str().unwrap().starts_with("2 older exports"), "{json}");
    // Two exports cannot have one name.
    let refused = office.run(["backup", parts[0], "Exports/OneDrive_1_6-11-2026.zip", "--as", "x"]).ended(2);
    assert!(refused.err.contains("--as"), "{}", refused.err);
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
fn what_is_wrong_with_an_export_is_said_plainly() {
    let office = Office::new();
    let bytes = pack(&[("a.txt", &"minutes".repeat(100)), ("b.txt", "agenda")]);
    write(&office, "Export.zip", &bytes[..bytes.len() - 30]);
    let partial = office.run(["backup", "Export.zip"]).ended(3);
    let lost = "  OneDrive export/(missing part of Export.zip): the ZIP file has lost its end";
    assert!(partial.out.contains(lost), "{}", partial.out);
    write(&office, "page.zip", b"<html>Please sign in</html>");
    let failed = office.run(["backup", "page.zip"]).ended(1);
    assert!(failed.err.contains("page.zip cannot be read: it is no ZIP file"), "{}", failed.err);
    let beside = office.run(["backup", "docs", "page.zip"]).ended(3);
    assert!(beside.out.contains("NOT BACKED UP at all: page.zip cannot be read"), "{}", beside.out);
    write(&office, "Twice.zip", &twice());
    let told = office.run(["backup", "Twice.zip"]).ended(0);
    assert!(told.err.contains(r#"NOTE: The ZIP holds different files named "a""#), "{}", told.err);
}

/// Two files of one name: the library writes none, so one name is changed afterwards.
fn twice() -> Vec<u8> {
    let mut bytes = pack(&[("a", "one"), ("b", "two")]);
    let at: Vec<usize> = (46..bytes.len()).filter(|&at| bytes[at..].starts_with(b"PK\x01\x02")).collect();
    bytes[at[1] + 46] = b'a';
    bytes
}
