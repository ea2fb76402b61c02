//! Nothing that the program leaves on a disk gives away a secret, a content or a file's name.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Office, PASSPHRASE};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn no_secret_no_content_and_no_name_lies_on_a_disk_in_plain_text() {
    let office = Office::empty();
    office.write("confidential-personnel/dismissal-of-mrs-plum.txt", "the pension of Mrs Plum");
    office.write("confidential-personnel/many.txt", &"the pension of Mrs Plum\n".repeat(20_000));
    let made = office.run(["init", "--kdf-memory", "64", "--json"]).ended(0).json();
    let words: Vec<&str> =
        made["recovery_words"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    for reason in ["the flood", ""] {
        office.run(["backup", "confidential-personnel", "--reason", reason]).ended(0);
    }
    office.run(["find", "plum"]).ended(0);
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    let mut needles: Vec<String> =
        ["confidential-personnel", "dismissal", "Plum", "plum", "pension", "the flood", PASSPHRASE]
            .map(str::to_owned)
            .to_vec();
    needles.extend(words.windows(2).map(|two| two.join(" ")));
    needles.push(office.path("confidential-personnel").display().to_string());
    let mut looked_at = 0;
    for top in ["repo", "state", "cache"] {
        for file in office.stored_files(top) {
            let bytes = fs::read(&file).unwrap();
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            for needle in &needles {
                let found = bytes.windows(needle.len()).any(|window| window == needle.as_bytes());
                assert!(!found && !name.contains(needle.as_str()), "{needle:?} is in {}", file.display());
            }
            looked_at += 1;
        }
    }
    assert!(looked_at >= 8, "only {looked_at} files were looked at");
}

#[test]
fn state_and_cache_are_for_their_owner_only() {
    let office = Office::with_backup();
    for top in ["state", "cache"] {
        for file in office.stored_files(top) {
            let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&file) & 0o077, 0, "{}", file.display());
            assert_eq!(mode(file.parent().unwrap()), 0o700, "{}", file.display());
        }
    }
}

#[test]
fn no_message_of_a_failure_repeats_the_secret() {
    let office = Office::with_backup();
    let mut command = office.command(["snapshots"]);
    let failed = cli_support::answer(command.env("CHEST_PASSPHRASE", "three red pears")).ended(12);
    assert!(!failed.err.contains("pears") && !failed.out.contains("pears"), "{}", failed.err);
}
