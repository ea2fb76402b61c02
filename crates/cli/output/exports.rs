//! What is said of exports (ZIP files): what was in them, and what had to get another name.

use super::amounts::{count, grouped};
use super::names::shown;
use crate::time::day;
use chest_engine::backup::{Age, BackupOutcome, NotCompliant, RootOutcome, UP_TO_DATE_DAYS};
use chest_engine::source::ZipNote;
use chest_model::shown_place;
use serde::Serialize;
use std::io::{self, Write};
use std::path::Path;

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
pub fn write_age(out: &mut dyn Write, root: &RootOutcome, outcome: &BackupOutcome) -> io::Result<()> {
    let name = shown(&root.description.label);
    let age = outcome.age_of(root);
    if age == Age::Unknown && root.keeps_exports {
        return writeln!(
            out,
            "{name}: most of it is archives (ZIP files and others) or mailboxes that are kept as the files they are, so it does not say how \
             old it is, and nobody can tell whether it is out of date. What is in a ZIP file counts where that is named by itself, without \
             --as-is; the mail in a mailbox, where that is backed up with --email; and nobody looks into other archives: unpack them."
        );
    }
    if age == Age::Unknown {
        return writeln!(out, "{name}: it does not say how old it is, so nobody can tell whether it is out of date");
    }
    if let (Age::Days(_), Some(message)) = (age, root.newest_message) {
        writeln!(out, "{name}: newest message {}", day(message))?;
    }
    match age {
        Age::Days(days) if days > UP_TO_DATE_DAYS => {
            writeln!(out, "NOTE: what is newest in {name} is {} old. Has a new export been made?", count(days, "day"))
        }
        _ => Ok(()),
    }
}

/// Why a backup does not count as the week's backup of each class; nothing of those for which it does.
pub fn write_compliance(out: &mut dyn Write, outcome: &BackupOutcome) -> io::Result<()> {
    for class in outcome.classes.iter().map(|one| one.class) {
        let why = match outcome.not_compliant(class) {
            None => continue,
            Some(NotCompliant::Partial) => "it is PARTIAL".to_owned(),
            Some(NotCompliant::Empty) => "there is no file in it".to_owned(),
            Some(NotCompliant::TooOld(root, days)) => {
                format!("what is newest in {} is {} old", shown(&root), count(days, "day"))
            }
            Some(NotCompliant::AgeUnknown(root)) => format!("{} does not say how old it is", shown(&root)),
        };
        writeln!(out, "NOT COMPLIANT: this does not count as the week's backup of {}: {why}", class.name())?;
    }
    Ok(())
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct NotCompliantJson {
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<u64>,
}

impl NotCompliantJson {
    /// Of this.
    pub fn of(why: &NotCompliant) -> Self {
        let (reason, root, days) = match why {
            NotCompliant::Partial => ("partial", None, None),
            NotCompliant::Empty => ("empty", None, None),
            NotCompliant::TooOld(root, days) => ("too-old", Some(root), Some(*days)),
            NotCompliant::AgeUnknown(root) => ("age-unknown", Some(root), None),
        };
        Self { reason, root: root.map(|root| shown(root)), days }
    }
}

/// A sentence for each file that had to get another name, the first ones only, of so many in all.
pub fn of_names(notes: &[ZipNote], all: usize) -> Vec<String> {
    let mut sentences: Vec<String> = notes.iter().take(SHOWN_AT_MOST).map(of_name).collect();
    if all > sentences.len() {
        let more = count((all - sentences.len()) as u64, "more file");
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

/// Which older exports are stored this once, and which were stored before.
pub fn write_older(out: &mut dyn Write, outcome: &BackupOutcome) -> io::Result<()> {
    let once: Vec<String> = outcome.roots.iter().filter(|root| root.is_once).map(name_of).collect();
    if let Some(all) = first_of(&once) {
        let (exports, are) = (count(once.len() as u64, "older export"), if once.len() == 1 { "is" } else { "are" });
        writeln!(
            out,
            "{exports} {are} part of this backup and of no later one, because {} in none yet that this computer knows of: {all}",
            if once.len() == 1 { "it was" } else { "they were" }
        )?;
    }
    let before: Vec<String> = outcome.stored_before.iter().map(|root| shown(&root.label)).collect();
    let Some(all) = first_of(&before) else { return Ok(()) };
    let (exports, are) = (count(before.len() as u64, "older export"), if before.len() == 1 { "is" } else { "are" });
    writeln!(out, "NOTE: {exports} {are} in earlier backups and not part of this one; the newest is. They are: {all}")
}

fn name_of(root: &RootOutcome) -> String {
    format!("{} ({})", shown(&root.description.label), count(root.files, "file"))
}

/// The first of these names, and how many more there are; nothing where there is none.
fn first_of(names: &[String]) -> Option<String> {
    let more = names.len().saturating_sub(SHOWN_AT_MOST);
    let mut shown: Vec<String> = names.iter().take(SHOWN_AT_MOST).cloned().collect();
    shown.extend((more > 0).then(|| format!("{} more", grouped(more as u64))));
    (!shown.is_empty()).then(|| shown.join(", "))
}

/// That exports with names of several forms lie in one folder, or such as hold different things.
pub fn of_several(folder: &Path, titles: &[Vec<u8>]) -> String {
    let names: Vec<String> = titles.iter().map(|title| shown(title)).collect();
    format!(
        "{} holds several exports, by the forms of their names or by what is in them ({}). The newest of each is backed up, each under \
         a name of its own.",
        shown_place(folder),
        first_of(&names).unwrap_or_default()
    )
}

/// That a folder of too many different exports is taken for what it is.
pub fn of_many(folder: &Path) -> String {
    format!(
        "{} holds very many ZIP files that have nothing to do with each other, so they are stored as the files they are, not what \
         is in them. Keep the exports of one service in a folder of their own, or name them: `chest backup FILE`.",
        shown_place(folder)
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
        let said = of_names(&vec![note; 100], 1005);
        assert_eq!(said.len(), 6);
        assert_eq!(said[0], "The ZIP holds different files named \"a\"; one of them is kept as \"a (2 in E.zip)\".");
        assert_eq!(said[5], "1,000 more files in the ZIP had to get another name likewise.");
        let escaped = ZipNote::Escaped { name: b"../\x1b[2J".to_vec(), stored_as: path("%!%2E%2E/x") };
        assert!(of_names(&[escaped], 1)[0].contains(r#""../\x1b[2J""#));
    }

    #[test]
    fn of_many_names_the_first_are_shown_and_the_others_counted() {
        let names = |number: usize| (0..number).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(first_of(&names(0)), None);
        assert_eq!(first_of(&names(5)).unwrap(), "0, 1, 2, 3, 4");
        assert_eq!(first_of(&names(1007)).unwrap(), "0, 1, 2, 3, 4, 1,002 more");
    }
}
