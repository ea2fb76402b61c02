//! The file of settings: flags beat variables beat the file, and what is wrong in it is refused with its line.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Answer, Office, PASSPHRASE, answer};

const VARIABLES: [&str; 4] = ["CHEST_REPO", "CHEST_STATE_DIR", "CHEST_CACHE_DIR", "CHEST_PASSPHRASE_FILE"];

/// Runs the program with a file of settings and nothing in the environment.
fn with_file(office: &Office, arguments: &[&str]) -> Answer {
    let mut command = office.command(arguments);
    VARIABLES.iter().for_each(|name| {
        command.env_remove(name);
    });
    answer(command.env("CHEST_CONFIG", office.path("settings/chest.toml")))
}

#[test]
fn a_repository_is_used_with_nothing_but_a_file_of_settings() {
    let office = Office::with_backup();
    office.write(
        "settings/chest.toml",
        "repository = \"../repo\"\nstate-dir = \"../state\"\ncache-dir = \"../cache\"\n\
         passphrase-file = \"../passphrase\"\nexclude = [\"*.tmp\"]\n",
    );
    office.write("docs/draft.tmp", "x");
    office.write("docs/draft.bak", "x");
    assert_eq!(with_file(&office, &["backup", "docs", "--exclude", "*.bak"]).ended(0).last_line(), "COMPLETE");
    let listed = with_file(&office, &["ls", "latest:docs"]).ended(0).out;
    assert!(listed.contains("docs/budget.csv") && !listed.contains("draft"), "{listed}");
    let checked = with_file(&office, &["config", "check"]).ended(0).out;
    assert!(checked.ends_with("settings/chest.toml are in order.\n"), "{checked}");
}

#[test]
fn the_file_in_its_own_place_is_found_and_a_flag_and_a_variable_beat_it() {
    let office = Office::with_backup();
    office.write("home/.config/parish-chest/chest.toml", "repository = \"/nowhere/at/all\"\n");
    let path = office.run(["config", "path"]).ended(0).out;
    assert_eq!(path.trim_end(), office.path("home/.config/parish-chest/chest.toml").to_str().unwrap());
    let repository = |answer: Answer| {
        let rows = answer.ended(0).json()["settings"].as_array().unwrap().clone();
        let row = rows.into_iter().find(|row| row["name"] == "repository").unwrap();
        (row["value"].as_str().unwrap().to_owned(), row["from"].as_str().unwrap().to_owned())
    };
    let show = ["config", "show", "--json"];
    let by_file = repository(answer(office.command(show).env_remove("CHEST_REPO")));
    assert_eq!(by_file, ("/nowhere/at/all".to_owned(), "file".to_owned()));
    assert_eq!(repository(office.run(show)).1, "CHEST_REPO");
    let by_flag = repository(office.run(["config", "show", "--json", "--repo", "elsewhere"]));
    assert_eq!(by_flag, ("elsewhere".to_owned(), "--repo".to_owned()));
    answer(office.command(["snapshots"]).env_remove("CHEST_REPO")).ended(10);
    office.run(["snapshots"]).ended(0);
}

#[test]
fn an_unknown_key_stops_every_command_and_is_named_with_its_line() {
    let office = Office::with_backup();
    office.write("settings/chest.toml", "# the office\nrepo = \"/media/usb\"\n");
    for arguments in [&["snapshots"][..], &["config", "check"], &["config", "show"], &["backup", "docs"]] {
        let refused = with_file(&office, arguments).ended(2);
        assert!(refused.err.contains("settings/chest.toml, line 2, cannot be used"), "{}", refused.err);
        assert!(refused.err.contains("unknown field `repo`"), "{}", refused.err);
        assert!(refused.err.contains("chest config check"), "{}", refused.err);
    }
    assert!(with_file(&office, &["config", "path"]).ended(0).out.ends_with("settings/chest.toml\n"));
}

#[test]
fn a_file_that_was_named_must_be_there_and_a_broken_setting_is_found_by_check() {
    let office = Office::with_backup();
    let missing = with_file(&office, &["snapshots"]).ended(2);
    assert!(missing.err.contains("settings/chest.toml cannot be used: No such file"), "{}", missing.err);
    office.write("settings/chest.toml", "passphrase-file = \"lost\"\n");
    with_file(&office, &["config", "check"]).ended(12);
    office.write("settings/chest.toml", "exclude = [\"a[\"]\n");
    with_file(&office, &["config", "check"]).ended(2);
}

#[test]
fn a_way_to_storage_that_leads_nowhere_is_found_by_check_also_where_no_bucket_is_named() {
    let office = Office::with_backup();
    for repository in ["s3://council/chest", "../repo", ""] {
        for (settings, told) in [
            ("s3-endpoint = \"http://192.0.2.4\"", "not encrypted on the way"),
            ("s3-endpoint = \"s3.example.org\"", "must begin with https://"),
            ("s3-endpoint = \"https://s3.example.org\"\ns3-ca = \"lost.pem\"", "lost.pem cannot be used: No such file"),
            ("s3-endpoint = \"https://s3.example.org\"\ns3-region = \"a.b\"", "a.b"),
        ] {
            office.write("settings/chest.toml", &format!("repository = \"{repository}\"\n{settings}\n"));
            let checked = with_file(&office, &["config", "check"]).ended(2);
            assert!(checked.err.contains(told), "{repository:?}, {settings}: {}", checked.err);
        }
        let good = format!("repository = \"{repository}\"\ns3-endpoint = \"https://s3.example.org\"\n");
        office.write("settings/chest.toml", &good);
        with_file(&office, &["config", "check"]).ended(0);
    }
    office.write("settings/chest.toml", "repository = \"s3://council/chest\"\n");
    assert!(with_file(&office, &["config", "check"]).ended(2).err.contains("--s3-region"));
    office.write("settings/chest.toml", "repository = \"s3://a!b\"\ns3-region = \"eu-west-2\"\n");
    assert!(with_file(&office, &["config", "check"]).ended(2).err.contains("a!b"));
}

#[test]
fn no_secret_is_shown_neither_from_a_variable_nor_from_a_mistake_in_the_file() {
    let office = Office::with_backup();
    for json in [&["config", "show"][..], &["config", "show", "--json"]] {
        let mut command = office.command(json);
        let shown = answer(command.env("CHEST_PASSPHRASE", PASSPHRASE)).ended(0).out;
        assert!(shown.contains("(not shown)") && !shown.contains("apples"), "{shown}");
    }
    office.write("settings/chest.toml", &format!("passphrase = \"{PASSPHRASE}\"\n"));
    let refused = with_file(&office, &["snapshots"]).ended(2);
    assert!(!refused.err.contains("apples"), "{}", refused.err);
}
