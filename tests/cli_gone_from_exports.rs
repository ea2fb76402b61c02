//! What `find` says is gone of a folder into which exports are downloaded week after week, and what is not, though it lies elsewhere or cannot
//! be read now.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;
use cli_support::exports::{deleted, export_in, pack, write};
use std::fs;

#[test]
fn files_of_an_export_that_has_vanished_are_found_as_deleted() {
    let office = Office::new();
    let (onedrive, sharepoint) = ("Exports/OneDrive_1_14-11-2026.zip", "Exports/SharePoint_1_14-11-2026.zip");
    let letter = "From: clerk@example.org\nSubject: Hedge\n\nCut it.\n";
    let of_onedrive = pack(&[("plan.txt", "one"), ("Minutes/May.txt", "may"), ("hedge.eml", letter)]);
    write(&office, onedrive, &of_onedrive);
    write(&office, sharepoint, &pack(&[("plan.txt", "two"), ("Sites/hall.txt", "hall")]));
    office.write("Exports/note plan.txt", "beside them");
    office.run(["backup", "Exports"]).ended(0);
    office.back_up().ended(0);
    let deleted_messages = || office.run(["find", "--mail", "--deleted", "hedge"]).ended(0).commands().len();
    assert_eq!(deleted_messages(), 0);
    for word in ["plan", "may", "hall", "budget"] {
        assert!(deleted(&office, word).is_empty(), "what another command backs up is there");
    }
    fs::remove_file(office.path(onedrive)).unwrap();
    for flags in [&[][..], &["--accept-shrink"]] {
        office.run([&["backup", "Exports"], flags].concat()).ended(if flags.is_empty() { 6 } else { 0 });
        // One that is alone bears the name of its folder.
        assert_eq!(deleted(&office, "plan"), ["Exports (OneDrive)/plan.txt"]);
        assert_eq!(deleted(&office, "may"), ["Exports (OneDrive)/Minutes/May.txt"]);
        assert!(deleted(&office, "hall").is_empty());
        assert_eq!(deleted_messages(), 1);
        let found = office.run(["find", "may"]).ended(0);
        assert!(found.out.contains("; in the backup of ") && found.out.contains("; deleted since"), "{}", found.out);
    }
    // It is there again, and the other is not; then neither.
    write(&office, onedrive, &of_onedrive);
    fs::remove_file(office.path(sharepoint)).unwrap();
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert!(deleted(&office, "may").is_empty() && deleted_messages() == 0);
    assert_eq!(deleted(&office, "hall"), ["Exports/Sites/hall.txt", "Exports (SharePoint)/Sites/hall.txt"]);
    fs::remove_file(office.path(onedrive)).unwrap();
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "may").len(), 2);
    // What lay beside the exports is what lies in the folder now.
    assert!(deleted(&office, "note").is_empty());
    fs::remove_file(office.path("Exports/note plan.txt")).unwrap();
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "note").len(), 2);
}

#[test]
fn of_exports_of_one_name_in_two_places_it_is_told_which_has_not_been_backed_up_since() {
    let office = Office::new();
    let zip = |place: &str| format!("{place}/OneDrive_1_14-11-2026.zip");
    write(&office, &zip("Downloads"), &pack(&[("plan.txt", "one")]));
    write(&office, &zip("Desktop"), &pack(&[("hall.txt", "two")]));
    for place in ["Downloads", "Desktop", "Downloads"] {
        office.run(["backup", &zip(place), "--accept-shrink"]).ended(0);
    }
    let said = office.run(["find", "hall"]).ended(0).out;
    let desktop = office.path("Desktop");
    let expected = format!(": OneDrive export from {} has not been backed up since\n", desktop.display());
    assert!(said.contains(&expected), "{said}");
    let plan = office.run(["find", "plan"]).ended(0).out;
    assert!(!plan.contains("not known"), "{plan}");
}

#[test]
fn a_folder_that_cannot_be_looked_into_says_nothing_of_what_has_gone_from_it() {
    let office = Office::new();
    for name in ["OneDrive_1_14-11-2026.zip", "SharePoint_1_14-11-2026.zip"] {
        write(&office, &format!("Exports/{name}"), &pack(&[("plan.txt", name)]));
    }
    office.run(["backup", "Exports", "docs"]).ended(0);
    fs::rename(office.path("Exports"), office.path("elsewhere")).unwrap();
    office.run(["backup", "Exports", "docs"]);
    assert!(deleted(&office, "plan").is_empty());
}

#[test]
fn an_export_that_lies_there_as_a_file_takes_nothing_away_nor_one_that_is_taken_apart() {
    let office = Office::new();
    let name = "Exports/OneDrive_1_14-11-2026.zip";
    write(&office, name, &pack(&[("plan.txt", "one")]));
    write(&office, "Exports/SharePoint_1_14-11-2026.zip", &pack(&[("hall.txt", "two")]));
    office.run(["backup", "Exports", "--as-is"]).ended(0);
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert!(deleted(&office, ".zip").is_empty());
    office.run(["backup", "Exports", "--as-is", "--accept-shrink"]).ended(0);
    assert!(deleted(&office, "plan").is_empty());
    fs::remove_file(office.path(name)).unwrap();
    office.run(["backup", "Exports", "--as-is", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, "plan"), ["Exports (OneDrive)/plan.txt"]);
    assert_eq!(deleted(&office, ".zip"), [name]);
}

#[test]
fn what_an_export_has_lost_with_its_end_is_not_called_deleted() {
    let office = Office::new();
    let files = [("a/one.txt", "It was RESOLVED. ".repeat(100)), ("a/two.txt", "NOTED ".repeat(100))];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    let whole = pack(&files);
    write(&office, "Exports/OneDrive_1_13-11-2026.zip", &whole);
    office.run(["backup", "Exports"]).ended(0);
    fs::remove_file(office.path("Exports/OneDrive_1_13-11-2026.zip")).unwrap();
    for part in [4, 2] {
        write(&office, "Exports/OneDrive_1_20-11-2026.zip", &whole[..whole.len() / part]);
        office.run(["backup", "Exports", "--accept-shrink"]).ended(3);
        assert!(deleted(&office, ".txt").is_empty(), "{part}");
    }
    write(&office, "Exports/OneDrive_1_20-11-2026.zip", &pack(&files[..1]));
    office.run(["backup", "Exports", "--accept-shrink"]).ended(0);
    assert_eq!(deleted(&office, ".txt"), ["Exports/a/two.txt"]);
    assert_eq!(deleted(&office, "missing part"), [""; 0], "that never was a file");
}

#[test]
fn what_is_in_an_export_that_is_kept_as_a_file_from_now_on_has_not_gone() {
    let office = Office::new();
    let files = ["Minutes/a", "Minutes/b", "Burials/c", "Burials/d"].map(|name| (name, "x"));
    write(&office, "E/OneDrive_1_13-11-2026.zip", &pack(&files));
    write(&office, "E/OneDrive_1_20-11-2026.zip", &pack(&files));
    ["how.txt", "list.txt"].iter().for_each(|name| office.write(&format!("E/{name}"), "a note"));
    office.run(["backup", "E"]).ended(0);
    // There are more notes than exports now.
    fs::remove_file(office.path("E/OneDrive_1_13-11-2026.zip")).unwrap();
    office.write("E/third.txt", "a note");
    let kept = office.run(["backup", "E"]).ended(0);
    assert!(kept.out.contains("nobody can tell whether something is missing from it"), "{}", kept.out);
    assert_eq!(deleted(&office, "Minutes"), [""; 0]);
    office.run(["backup", "E"]).ended(0);
    fs::remove_file(office.path("E/OneDrive_1_20-11-2026.zip")).unwrap();
    office.run(["backup", "E"]).ended(6);
    assert_eq!(deleted(&office, "Minutes/a"), ["E/Minutes/a", "E (OneDrive_1_13-11-2026)/Minutes/a"]);
}

#[test]
fn exports_in_a_folder_of_another_name_hold_what_one_did_also_where_one_is_held_against_nothing() {
    let office = Office::new();
    let export = |path: &str, folders: &[(&str, u32)]| {
        let names = folders.iter().flat_map(|(folder, files)| (0..*files).map(move |file| format!("{folder}/f{file}")));
        let names: Vec<String> = names.collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        write(&office, path, &pack(&files));
    };
    let finance = [("Finance", 11), ("Finance/a", 10)];
    export("Exports/OneDrive_1_06-11-2026.zip", &[&finance[..], &[("Minutes", 11)]].concat());
    office.run(["backup", "Exports"]).ended(0);
    fs::rename(office.path("Exports"), office.path("Downloads")).unwrap();
    fs::remove_file(office.path("Downloads/OneDrive_1_06-11-2026.zip")).unwrap();
    export("Downloads/OneDrive_1_13-11-2026.zip", &finance);
    export("Downloads/OneDrive_1_14-11-2026.zip", &[("Minutes", 10)]);
    let told = office.run(["backup", "Downloads", "--accept-shrink"]).ended(0);
    for held_against in [": compared with Exports, which", ": no complete backup of it is known here yet"] {
        assert_eq!(told.out.matches(held_against).count(), 1, "{}", told.out);
    }
    assert_eq!(deleted(&office, "Finance/"), [""; 0]);
    assert_eq!(deleted(&office, "Minutes/"), ["Exports/Minutes/f10"]);
}

#[test]
fn an_export_that_is_stored_once_under_the_name_of_one_that_was_cut_short_takes_nothing_away() {
    let office = Office::new();
    let week = |name: &str, numbers: &[std::ops::RangeInclusive<u32>]| {
        let names: Vec<String> = numbers.iter().cloned().flatten().map(|number| format!("T/f{number}")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
        let bytes = pack(&files);
        let bytes = if name.ends_with("002") { &bytes[..70] } else { &bytes[..] };
        write(&office, &format!("E/takeout-{name}.zip"), bytes);
    };
    write(&office, "E/OneDrive_1_09-10-2026.zip", &pack(&[("A/one", "1"), ("A/two", "2")]));
    week("20261009T150000Z-001", &[101..=120]);
    office.run(["backup", "E"]).ended(0);
    week("20261016T150000Z-001", &[101..=102, 301..=303]);
    week("20261016T150000Z-002", &[104..=106]);
    // It has broken off, and there is much less in it than in the one beside it.
    office.run(["backup", "E"]).ended(6);
    assert_eq!(deleted(&office, "T/"), [""; 0]);
    week("20261023T150000Z-001", &[101..=104, 301..=303]);
    let told = office.run(["backup", "E", "--accept-shrink"]).ended(0);
    let once = "in none yet that this computer knows of: E (takeout-20261016T150000Z-001) (5 files)";
    assert!(told.out.contains(once), "{}", told.out);
    for _ in 0..2 {
        assert_eq!(deleted(&office, "T/f104"), [""; 0], "the newest holds it");
        let names = ["E (takeout)/T/f105", "E (takeout-20261009T150000Z-001)/T/f105"];
        assert_eq!(deleted(&office, "T/f105"), names, "as what it was in two weeks");
        assert_eq!(deleted(&office, "T/f30"), [""; 0]);
        office.run(["backup", "E"]).ended(0);
    }
}

#[test]
fn a_download_that_broke_off_never_was_a_file_of_the_export_in_whose_list_it_stood() {
    let office = Office::new();
    write(&office, "E/OneDrive_1_30-10-2026.zip", &pack(&[("A/one", "1"), ("A/two", "2")]));
    office.run(["backup", "E"]).ended(0);
    write(&office, "E/OneDrive_1_06-11-2026.zip", b"<html>sign in</html>");
    office.run(["backup", "E"]).ended(3);
    write(&office, "E/OneDrive_1_13-11-2026.zip", &pack(&[("A/one", "1"), ("A/two", "2"), ("A/three", "3")]));
    let told = office.run(["backup", "E"]).ended(0);
    assert!(told.out.contains("E (other files): 1 file"), "{}", told.out);
    assert_eq!(deleted(&office, "zip"), [""; 0]);
    let found = office.run(["find", "zip"]).ended(0);
    assert!(found.out.contains("E (other files)/OneDrive_1_06-11-2026.zip\n"), "{}", found.out);
}

#[test]
fn what_came_back_after_a_week_that_lacked_it_is_not_gone_from_that_week() {
    let office = Office::new();
    let folder = |name: &str| -> Vec<(String, String)> {
        (10..30).map(|file| (format!("{name}/f{file}"), format!("{name}{file}"))).collect()
    };
    let export = |path: &str, files: &[(String, String)]| {
        let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        write(&office, path, &pack(&files));
    };
    let (part, other) = (folder("A"), [folder("X"), folder("Y")].concat());
    let whole = [part.clone(), vec![("B/g1".to_owned(), "g".to_owned())]].concat();
    export("E/OneDrive_1_01-11-2026.zip", &whole);
    export("E/OneDrive_1_02-11-2026.zip", &other);
    export("E/OneDrive_1_08-11-2026.zip", &whole);
    office.run(["backup", "E"]).ended(0);
    for day in ["01", "02", "08"] {
        fs::remove_file(office.path(&format!("E/OneDrive_1_{day}-11-2026.zip"))).unwrap();
    }
    export("E/OneDrive_1_15-11-2026.zip", &part);
    office.run(["backup", "E"]).ended(6);
    assert_eq!(deleted(&office, "g1").len(), 2);
    fs::rename(office.path("E"), office.path("Exports")).unwrap();
    export("Exports/OneDrive_1_20-11-2026.zip", &whole);
    export("Exports/OneDrive_1_21-11-2026.zip", &other);
    office.run(["backup", "Exports"]).ended(0);
    assert_eq!(deleted(&office, "g1"), [""; 0]);
}

#[test]
fn what_lay_in_a_folder_that_is_one_of_exports_now_has_not_gone_where_it_lies_beside_them() {
    let office = Office::new();
    office.write("E/how.txt", "a");
    office.write("E/list.txt", "b");
    export_in(&office, "E/OneDrive_1_06-11-2026.zip", "A", 0..10);
    office.run(["backup", "E"]).ended(0);
    export_in(&office, "E/OneDrive_1_13-11-2026.zip", "A", 0..11);
    fs::remove_file(office.path("E/list.txt")).unwrap();
    let apart = office.run(["backup", "E", "--accept-shrink"]).ended(0);
    assert!(apart.out.contains("E (other files): 1 file"), "{}", apart.out);
    assert_eq!(deleted(&office, "how.txt"), [""; 0]);
    assert_eq!(deleted(&office, "list.txt"), ["E/list.txt"]);
}

/// A council's folder with these files besides those that stay.
fn council(more: &[&str]) -> Vec<u8> {
    let paths: Vec<String> = (0..20).map(|number| format!("Council/{number}.txt")).collect();
    let paths = paths.iter().map(String::as_str).chain(more.iter().copied());
    pack(&paths.map(|path| (path, path)).collect::<Vec<_>>())
}

#[test]
fn what_was_missed_in_a_renamed_folder_of_exports_is_gone_though_the_newest_one_broke_off() {
    let office = Office::new();
    write(&office, "Exports/OneDrive_1_6-11-2026.zip", &council(&["Council/lost.txt", "Council/late.txt"]));
    office.run(["backup", "Exports"]).ended(0);
    fs::rename(office.path("Exports"), office.path("Downloads")).unwrap();
    write(&office, "Downloads/OneDrive_1_13-11-2026.zip", &council(&["Council/late.txt"]));
    office.run(["backup", "Downloads"]).ended(0);
    assert_eq!(deleted(&office, "l"), ["Exports/Council/lost.txt"]);

    let whole = council(&[]);
    write(&office, "Downloads/OneDrive_1_20-11-2026.zip", &whole[..whole.len() / 2]);
    office.run(["backup", "Downloads"]).ended(3);
    assert_eq!(
        deleted(&office, "l"),
        ["Exports/Council/lost.txt"],
        "it was missed, and the other may be in what is cut off"
    );
    write(&office, "Downloads/OneDrive_1_20-11-2026.zip", &whole);
    office.run(["backup", "Downloads"]).ended(0);
    let late = ["Downloads/Council/late.txt", "Exports/Council/late.txt", "Exports/Council/lost.txt"];
    let mut all = deleted(&office, "l");
    all.sort();
    assert_eq!(all, late);
}
