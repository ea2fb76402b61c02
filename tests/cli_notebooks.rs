//! OneNote notebooks that are only shortcuts: every backup that holds some says so, also one that did not read them again.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::Office;

const SHORTCUT: &str = "[InternetShortcut]\r\nURL=https://onedrive.live.com/view.aspx?resid=5E1F!1&app=OneNote\r\n";

#[test]
fn notebooks_that_are_only_shortcuts_are_named_by_every_backup_that_holds_them() {
    let office = Office::new();
    office.write("notes/Council.url", SHORTCUT);
    office.write("notes/Website.url", "[InternetShortcut]\r\nURL=https://www.gov.uk/\r\n");
    let one = "NOTE: 1 OneNote notebook is only a shortcut here: what is written in it is not in this backup. \
               Export it from OneNote.\n  notes/Council.url\n";
    // The file system's clock may be so coarse that what was written a moment ago is read once more.
    for _ in 0..2 {
        let saved = office.run(["backup", "notes"]).ended(0);
        assert!(saved.out.contains(one), "{}", saved.out);
        assert_eq!(saved.last_line(), "COMPLETE");
        std::thread::sleep(std::time::Duration::from_millis(3100));
    }
    let unchanged = office.run(["backup", "notes", "--json"]).ended(0).json();
    assert_eq!((&unchanged["files_read"], &unchanged["files_unchanged"]), (&0.into(), &2.into()), "{unchanged}");
    assert_eq!(unchanged["roots"][0]["notebook_shortcuts"]["count"], 1, "what was noticed is kept: {unchanged}");
    for number in 0..22 {
        office.write(&format!("notes/more/Notebook {number:02}.url"), SHORTCUT);
    }
    let many = office.run(["backup", "notes"]).ended(0);
    assert!(many.out.contains("NOTE: 23 OneNote notebooks are only shortcuts here: "), "{}", many.out);
    assert!(many.out.contains("in them is not in this backup. Export them from OneNote.\n"), "{}", many.out);
    assert!(many.out.contains("  notes/more/Notebook 18.url\n  and 3 more\n"), "{}", many.out);
}

#[test]
fn a_backup_without_notebooks_says_nothing_of_them() {
    let office = Office::new();
    office.write("docs/onenote.txt", "onenote:");
    assert!(!office.run(["backup", "docs"]).ended(0).out.contains("OneNote"));
    let json = office.run(["backup", "docs", "--json"]).ended(0).json();
    assert!(json["roots"][0].get("notebook_shortcuts").is_none(), "{json}");
}
