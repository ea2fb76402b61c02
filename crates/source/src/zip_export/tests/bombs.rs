//! Archives that are made to do harm.

use super::build::{End, Made, archive, archive_ending, archive_of_one_body, deflated, stored};
use super::*;

#[test]
fn a_file_that_unpacks_to_a_thousand_times_its_length_is_refused_if_it_is_long() {
    let source = open_one(archive(&[
        deflated("bomb", &vec![0; 4 << 20]),
        deflated("short", &vec![0; 1 << 20]),
        deflated("text", &b"minutes of the meeting ".repeat(200_000)),
    ]));
    assert!(why(&source, "bomb").contains("made to do harm"));
    assert_eq!(whole_and_not(&source).0.len(), 2);
}

#[test]
fn a_file_that_is_longer_or_shorter_than_announced_is_never_taken_for_the_file() {
    let text = b"minutes of the meeting".repeat(10_000);
    for size in [0, 1, text.len() as u32 - 1, text.len() as u32 + 1, 1 << 20] {
        let source = open_one(archive(&[Made { size: Some(size), ..deflated("a", &text) }, stored("b", b"kept")]));
        let (whole, not) = whole_and_not(&source);
        assert_eq!(whole.keys().chain(not.keys()).collect::<Vec<_>>(), ["b", "a"], "{size}");
    }
}

#[test]
fn files_beyond_all_measure_together_are_refused_one_by_one() {
    let limits = ZipLimits { total_bytes: 250, ..ZipLimits::default() };
    let members = ["a", "b", "c"].map(|name| stored(name, &[1; 100]));
    let source = try_open(&[("E.zip", archive(&members))], &ZipOptions { limits, ..ZipOptions::default() }).unwrap();
    assert_eq!(whole_and_not(&source).0.len(), 2);
    assert!(why(&source, "c").contains("more than can be backed up"));
}

#[test]
fn more_files_or_folders_than_there_is_room_for_are_told() {
    let limits = ZipLimits { items: 10, ..ZipLimits::default() };
    let options = ZipOptions { limits, ..ZipOptions::default() };
    let files: Vec<Made> = (0..30).map(|number| stored(&format!("{number}"), b"x")).collect();
    let source = try_open(&[("E.zip", archive(&files))], &options).unwrap();
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.len(), not.keys().next().unwrap().as_str()), (10, "(missing part of E.zip)"));
    let deep: Vec<Made> = (0..3).map(|number| stored(&format!("{number}/b/c/d/e"), b"x")).collect();
    let source = try_open(&[("E.zip", archive(&deep))], &options).unwrap();
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.len(), not.keys().next().unwrap().as_str()), (2, "(all further files)"));
}

#[test]
fn a_directory_beyond_all_measure_is_told() {
    let limits = ZipLimits { directory_bytes: 1000, ..ZipLimits::default() };
    let options = ZipOptions { limits, ..ZipOptions::default() };
    let members = ["a", "b"].map(|name| stored(&name.repeat(500), b"x"));
    for bytes in [archive(&members), archive(&members)[..1200].to_vec()] {
        let source = try_open(&[("E.zip", bytes)], &options).unwrap();
        let (whole, not) = whole_and_not(&source);
        assert_eq!((whole.len(), not.len()), (1, 1), "{not:?}");
    }
}

#[test]
fn members_that_share_their_bytes_are_refused() {
    let text = b"minutes of the meeting".repeat(100);
    let members: Vec<Made> = (0..50).map(|number| deflated(&format!("{number:02}"), &text)).collect();
    let source = open_one(archive_of_one_body(&members));
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.len(), not.len()), (1, 49));
    assert!(not.values().all(|failure| failure.message.contains("shares its bytes")));
}

#[test]
fn a_member_that_reaches_into_the_next_is_refused_and_the_next_is_read() {
    let inner = archive(&[stored("inner", b"x")]);
    let mut outer = archive(&[stored("a", &inner), stored("b", b"kept")]);
    // The first one's length, in the directory, now takes in the second one's header.
    let longer = (inner.len() + 20) as u32;
    let record = outer.windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    let first = outer[..record].windows(4).rposition(|bytes| bytes == b"PK\x01\x02").unwrap();
    for at in [first + 20, first + 24] {
        outer[at..at + 4].copy_from_slice(&longer.to_le_bytes());
    }
    let source = open_one(outer);
    assert!(why(&source, "a").contains("reaches into another"));
    assert_eq!(read(&source, "b").unwrap(), b"kept");
}

#[test]
fn locked_members_and_unknown_methods_say_why_and_the_others_are_read() {
    let source = open_one(archive(&[
        Made { flags: 1, ..stored("locked", b"x") },
        Made { method: 14, ..stored("lzma", b"x") },
        stored("kept", b"kept"),
    ]));
    let (whole, not) = whole_and_not(&source);
    assert_eq!(whole.len(), 1);
    assert!(not["locked"].message.contains("password") && not["lzma"].message.contains("method 14"));
    assert!(not.values().all(|failure| failure.reason == UnreadableReason::Unsupported));
}

#[test]
fn a_directory_that_lists_fewer_members_than_the_end_says_is_not_believed() {
    let members = [stored("a", b"1"), stored("b", b"2")];
    let source = open_one(archive_ending(&members, End { more_members: 1, ..End::default() }));
    let (whole, not) = whole_and_not(&source);
    assert_eq!((whole.len(), not.len()), (2, 1));
    assert!(not.contains_key("(missing part of Export.zip)"));
}

#[test]
fn files_that_each_unpack_to_less_than_a_thousand_times_are_refused_where_all_together_are_made_to_fill_a_disk() {
    let zeros = vec![0; 900 << 10];
    let mut members: Vec<Made> = (0..8).map(|number| deflated(&format!("a{number}.bin"), &zeros)).collect();
    let minutes: String = (0..2000).map(|number| format!("{number} ")).collect();
    members.push(deflated("z minutes.txt", minutes.as_bytes()));
    let in_all = |ratio_in_all, ratio_in_all_counts_from| {
        let limits = ZipLimits { ratio_in_all, ratio_in_all_counts_from, ..ZipLimits::default() };
        let options = ZipOptions { limits, ..ZipOptions::default() };
        whole_and_not(&try_open(&[("E.zip", archive(&members))], &options).unwrap())
    };
    let (whole, not) = in_all(100, 1 << 20);
    assert_eq!((whole.len(), not.len()), (2, 7), "{not:?}");
    assert!(whole.contains_key("z minutes.txt"), "it unpacks to what such a file does");
    assert!(not.values().all(|failure| failure.message.contains("--as-is")));
    for (ratio, from) in [(100, 8 << 20), (5000, 0)] {
        assert_eq!(in_all(ratio, from).1.len(), 0, "{ratio} {from}");
    }
}

#[test]
fn names_that_grow_when_they_are_kept_count_as_what_they_become() {
    let limits = ZipLimits { directory_bytes: 2000, ..ZipLimits::default() };
    let options = ZipOptions { limits, ..ZipOptions::default() };
    for (raw, fitting) in [(b'a', 20), (0, 9), (0xb0, 10)] {
        let name = |number: u8| [&[b'0' + number / 10, b'0' + number % 10][..], &[raw; 50]].concat();
        let members: Vec<Made> =
            (0..30).map(|number| Made { name: name(number), flags: 0, ..stored("", b"x") }).collect();
        let (whole, not) = whole_and_not(&try_open(&[("E.zip", archive(&members))], &options).unwrap());
        assert_eq!((whole.len(), not.len()), (fitting, 1), "{raw}");
    }
}
