//! ZIP exports for the tests of the command line: made here, put into an office, and made old.

use super::Office;
use std::fs;
use std::io::Write;
use std::time::{Duration, SystemTime};
use zip::write::SimpleFileOptions;

/// An archive with these files, last changed on 20 November 2026 at half past nine.
pub fn pack(files: &[(&str, &str)]) -> Vec<u8> {
    let files: Vec<(&str, &[u8])> = files.iter().map(|(name, content)| (*name, content.as_bytes())).collect();
    pack_bytes(&files)
}

/// The same of files that are no text.
pub fn pack_bytes(files: &[(&str, &[u8])]) -> Vec<u8> {
    let time = zip::DateTime::from_date_and_time(2026, 11, 20, 9, 30, 0).unwrap();
    let options = SimpleFileOptions::default().last_modified_time(time);
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Puts a file of these bytes into the office.
pub fn write(office: &Office, name: &str, bytes: &[u8]) {
    office.write(name, "");
    fs::write(office.path(name), bytes).unwrap();
}

/// Makes a file so many days old.
pub fn age(office: &Office, name: &str, days: u64) {
    // The program that is tried out asks the system, so the files must be as old by the same clock.
    #[allow(clippy::disallowed_methods)]
    let time = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    fs::File::options().write(true).open(office.path(name)).unwrap().set_modified(time).unwrap();
}

/// The paths that a search calls deleted.
pub fn deleted(office: &Office, word: &str) -> Vec<String> {
    let found = office.run(["find", "--deleted", word, "--json"]).ended(0).json();
    let hits = found["hits"].as_array().unwrap().iter();
    hits.map(|hit| hit["typed"].as_str().unwrap().to_owned()).collect()
}

/// An export with so many files in a folder.
pub fn export_in(office: &Office, path: &str, folder: &str, files: std::ops::Range<u32>) {
    let files: Vec<_> = files.map(|file| (format!("{folder}/{file}.docx"), format!("item {file}"))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    write(office, path, &pack(&files));
}
