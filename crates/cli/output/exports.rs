//! What is said of exports (ZIP files): what was in them, and what had to get another name.

use super::amounts::{count, grouped};
use super::names::shown;
use crate::time::day;
use chest_engine::backup::RootOutcome;
use chest_engine::source::ZipNote;
use chest_model::{Class, Timestamp, shown_place};
use std::io::{self, Write};
use std::path::Path;

/// An export is made every week, so what is newest in it is no older than so many days.
const UP_TO_DATE: u64 = 7;

/// More names than these are not read on a screen.
const SHOWN_AT_MOST: usize = 5;

/// `Export.zip: 1,234 files inside, newest changed 20 November 2026`; nothing for a folder.
pub fn write_inside(out: &mut dyn Write, root: &RootOutcome) -> io::Result<()> {
    if root.containers.is_empty() {
        return Ok(());
    }
    let mut names: Vec<String> =
        root.containers.iter().take(SHOWN_AT_MOST).map(|container| shown(&container.name)).collect();
    if root.containers.len() > SHOWN_AT_MOST {
        names.push(format!("{} more", grouped((root.containers.len() - SHOWN_AT_MOST) as u64)));
    }
    let newest = root.newest_content.filter(|_| root.newest_message.is_none());
    let newest = newest.map(|newest| format!(", newest changed {}", day(newest))).unwrap_or_default();
    writeln!(out, "{}: {} inside{newest}", names.join(", "), count(root.files, "file"))?;
    if root.folders_not_remembered == 0 {
        return Ok(());
    }
    let (folders, are) =
        (count(root.folders_not_remembered, "folder"), if root.folders_not_remembered == 1 { "is" } else { "are" });
    writeln!(
        out,
        "NOTE: {} has more folders than can be remembered: {folders}, the deepest, {are} not. If one of them is missing from the next \
         export, nobody will notice.",
        shown(&root.description.label)
    )
}

/// How old an export is: by the newest thing in it, whenever it was backed up. Nothing for a folder of documents.
pub fn write_age(out: &mut dyn Write, root: &RootOutcome, backed_up: Timestamp) -> io::Result<()> {
    let is_mail = root.description.class == Class::Email;
    if root.files == 0 || root.containers.is_empty() && !is_mail {
        return Ok(());
    }
    let name = shown(&root.description.label);
    let Some(newest) = root.newest_content else {
        return writeln!(out, "{name}: it does not say how old it is, so nobody can tell whether it is out of date");
    };
    if let Some(message) = root.newest_message {
        writeln!(out, "{name}: newest message {}", day(message))?;
    }
    match whole_days(newest, backed_up) {
        days if days > UP_TO_DATE => {
            writeln!(out, "NOTE: what is newest in {name} is {} old. Has a new export been made?", count(days, "day"))
        }
        _ => Ok(()),
    }
}

fn whole_days(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from((to.seconds - from.seconds) / (24 * 60 * 60)).unwrap_or(0)
}

/// A sentence for each file that had to get another name, the first ones only.
pub fn of_names(notes: &[ZipNote]) -> Vec<String> {
    let mut sentences: Vec<String> = notes.iter().take(SHOWN_AT_MOST).map(of_name).collect();
    if notes.len() > SHOWN_AT_MOST {
        let more = count((notes.len() - SHOWN_AT_MOST) as u64, "more file");
        sentences.push(format!("{more} in the ZIP had to get another name likewise."));
    }
    sentences
}

fn of_name(note: &ZipNote) -> String {
    match note {
        ZipNote::Beside { path, stored_as } => {
            format!("The ZIP holds different files named \"{path}\"; one of them is kept as \"{stored_as}\".")
        }
        ZipNote::Escaped { name, stored_as } => {
            format!("No folder can hold the name \"{}\"; the file is kept as \"{stored_as}\".", shown(name))
        }
    }
}

/// That older exports were passed over; with the name of their series where there are several.
pub fn of_older(older: usize, series: Option<&[u8]>) -> Option<String> {
    let (exports, are) = (count(older as u64, "older export"), if older == 1 { "is" } else { "are" });
    let of = series.map(|title| format!(" of {}", shown(title))).unwrap_or_default();
    (older > 0).then(|| {
        format!(
            "{exports}{of} in this folder {are} not part of this backup; the newest is. What was backed up while it was the \
             newest is in the backups of that time. `chest backup FILE` takes one now."
        )
    })
}

/// That exports with names of several forms lie in one folder.
pub fn of_several(folder: &Path, titles: &[Vec<u8>]) -> String {
    let mut names: Vec<String> = titles.iter().take(SHOWN_AT_MOST).map(|title| shown(title)).collect();
    if titles.len() > SHOWN_AT_MOST {
        names.push(format!("{} more", grouped((titles.len() - SHOWN_AT_MOST) as u64)));
    }
    format!(
        "{} holds exports with names of several forms ({}). The newest of each is backed up, each under a name of its own.",
        shown_place(folder),
        names.join(", ")
    )
}

/// That a folder of exports is taken for what it is, because it holds much else.
pub fn of_mixed(folder: &Path) -> String {
    format!(
        "{} holds ZIP files that look like exports among many other things, so they are stored as the files they are, not what \
         is in them. Keep exports in a folder of their own, or name them: `chest backup FILE`.",
        shown_place(folder)
    )
}

/// That exports lie in a folder each, where nothing tells that they belong together.
pub fn of_scattered(folder: &Path) -> String {
    format!(
        "{} holds folders with ZIP files that look like exports. They are stored as the files they are, not what is in them, and each \
         costs its whole size. Put them all into one folder and back that up, or name them: `chest backup FILE`.",
        shown_place(folder)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::TreePath;

    #[test]
    fn beyond_a_screenful_files_with_another_name_are_counted() {
        let path = |text: &str| TreePath::from_bytes(text.as_bytes().to_vec()).unwrap();
        let note = ZipNote::Beside { path: path("a"), stored_as: path("a (2 in E.zip)") };
        let said = of_names(&vec![note; 1005]);
        assert_eq!(said.len(), 6);
        assert_eq!(said[0], "The ZIP holds different files named \"a\"; one of them is kept as \"a (2 in E.zip)\".");
        assert_eq!(said[5], "1,000 more files in the ZIP had to get another name likewise.");
        let escaped = ZipNote::Escaped { name: b"../\x1b[2J".to_vec(), stored_as: path("%!%2E%2E/x") };
        assert!(of_names(&[escaped])[0].contains(r#""../\x1b[2J""#));
    }

    #[test]
    fn older_exports_are_told_and_none_is_not() {
        assert_eq!(of_older(0, None), None);
        assert!(of_older(1, None).unwrap().starts_with("1 older export in this folder is not part"));
        let of_series = of_older(3, Some(b"OneDrive")).unwrap();
        assert!(of_series.starts_with("3 older exports of OneDrive in this folder are not part"));
    }
}
