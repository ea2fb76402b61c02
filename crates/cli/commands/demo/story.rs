//! The story of the demonstration, step by step: each shows the command as one would type it, then what it came to.

use super::compare::{self, Comparison, Facts};
use super::desk::{Desk, Timed};
use super::letter::{self, LostLetter};
use super::place::{Place, bytes_below};
use super::screen::Screen;
use crate::errors::Failure;
use crate::exit::Exit;
use crate::output::SHORT_ID;
use crate::output::amounts::{count, grouped, size};
use crate::output::called::word;
use crate::output::exceptions::summary_of_run;
use crate::output::names::{shown, shown_path, shown_place};
use chest_council::{COUNCIL_NAME, Change, Council, CouncilError};
use chest_engine::backup::BackupOutcome;
use chest_engine::browse::{Selection, SnapshotSelector};
use chest_engine::catalogue::Hit;
use chest_engine::restore::RestoreOutcome;
use chest_model::{Class, Completeness};
use serde::Serialize;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Differences that are listed one by one.
const LISTED: usize = 10;

/// Why it failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// A command failed; the clerk's words are there already.
    #[error("{}", in_words(.0))]
    Command(Failure),
    /// The council could not be written.
    #[error(transparent)]
    Council(#[from] CouncilError),
    /// The disk.
    #[error("a file of the demonstration could not be read or written: {0}")]
    Disk(#[from] io::Error),
    /// It does not hold what it should.
    #[error("{0}")]
    Wrong(String),
    /// Ctrl-C.
    #[error("Stopped before the end.")]
    Stopped,
}

impl Trouble {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Command(failure) => failure.exit,
            Self::Disk(error) if crate::machine::is_full(error) => Exit::NoSpace,
            Self::Council(_) | Self::Disk(_) | Self::Wrong(_) => Exit::Failed,
            Self::Stopped => Exit::Interrupted,
        }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Self::Command(failure)
    }
}

fn in_words(failure: &Failure) -> String {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = failure.text(&mut text);
    String::from_utf8_lossy(&text).trim_start_matches("chest: ").trim_end().to_owned()
}

/// The figures, for programs. Zero where the story did not get so far.
#[derive(Debug, Default, Serialize)]
pub(super) struct Figures {
    seed: u64,
    council_files: u64,
    council_bytes: u64,
    first_backup_seconds: f64,
    first_backup_sent: u64,
    second_backup_seconds: f64,
    second_backup_sent: u64,
    repository_bytes: u64,
    restore_seconds: f64,
    restored_files: u64,
    restored_bytes: u64,
    compared_files: u64,
    compared_bytes: u64,
    check_seconds: f64,
    seconds: f64,
}

/// The story, and what it came to so far.
pub(super) struct Story<'s> {
    place: &'s Place,
    screen: &'s Screen,
    desk: Desk<'s>,
    council: Council,
    bytes: u64,
    pub(super) figures: Figures,
}

/// The file that was deleted by mistake.
struct Deleted {
    path: PathBuf,
    facts: Facts,
}

impl<'s> Story<'s> {
    pub(super) fn new(place: &'s Place, screen: &'s Screen, seed: u64, bytes: u64) -> Self {
        let figures = Figures { seed, ..Figures::default() };
        let council = Council::new(seed, bytes).with_threads(crate::machine::threads());
        Self { place, screen, desk: Desk::new(place, screen), council, bytes, figures }
    }

    /// Tells it all. With `prove`, one restored byte is spoilt before the comparison.
    pub(super) fn tell(&mut self, prove: bool) -> Result<(), Trouble> {
        let begun = Instant::now();
        self.screen.say(&format!("The whole job once, with the invented papers of {COUNCIL_NAME}."));
        self.screen.say(&format!("All of it happens in {}.", shown_place(self.place.folder())));
        self.write_papers()?;
        self.init()?;
        let sent = self.back_up_both()?;
        self.figures.first_backup_sent = sent.0;
        self.figures.first_backup_seconds = sent.1.as_secs_f64();
        let (deleted, lost) = self.let_a_week_pass()?;
        let sent = self.back_up_both()?;
        self.figures.second_backup_sent = sent.0;
        self.figures.second_backup_seconds = sent.1.as_secs_f64();
        self.compare_backups()?;
        self.bring_back(&deleted)?;
        self.bring_back_letter(&lost)?;
        self.restore_everything()?;
        if prove {
            self.spoil_one_byte()?;
        }
        self.compare_everything()?;
        self.check()?;
        self.figures.seconds = begun.elapsed().as_secs_f64();
        Ok(())
    }

    fn write_papers(&mut self) -> Result<(), Trouble> {
        self.screen.step(&format!("The council writes its papers (seed {})", self.figures.seed));
        let begun = Instant::now();
        fs::create_dir(self.place.council())?;
        let (documents, mail) = self.screen.watch("Writing the council's papers", self.bytes, |progress| {
            let documents = self.council.write_documents(&self.place.documents(), progress)?;
            let on_mail = |bytes| progress(documents.bytes + bytes);
            Ok::<_, CouncilError>((documents, self.council.write_mailboxes(&self.place.mailboxes(), &on_mail)?))
        })?;
        self.figures.council_files = documents.files + mail.files;
        self.figures.council_bytes = documents.bytes + mail.bytes;
        self.screen.figures(&format!(
            "{} and {} of mail, {}, written in {}",
            count(documents.files, "document"),
            count(mail.files, "file"),
            size(self.figures.council_bytes),
            seconds(begun.elapsed())
        ));
        self.go_on()
    }

    fn init(&mut self) -> Result<(), Trouble> {
        self.screen.step(&format!("$ export CHEST_REPO={}", quoted_path(&self.place.repository())));
        self.screen.say("$ chest init");
        let made = self.desk.init()?;
        self.screen
            .figures(&format!("Two ways in (a passphrase and 24 recovery words), made in {}", seconds(made.took)));
        self.screen.figures(&format!("Passphrase of this demonstration: {}", self.desk.passphrase()));
        self.go_on()
    }

    /// Backs up documents and mailboxes; gives the bytes sent and the time.
    fn back_up_both(&self) -> Result<(u64, Duration), Trouble> {
        let mut total = (0, Duration::ZERO);
        for (folder, class) in [(self.place.documents(), Class::Documents), (self.place.mailboxes(), Class::Email)] {
            let command = format!("$ chest backup --no-default-excludes --class {}", class.name());
            self.screen.step(&format!("{command} {}", quoted_path(&folder)));
            let saved = self.desk.backup(&folder, class)?;
            self.screen.figures(&backup_figures(&saved));
            if saved.outcome.completeness != Completeness::Complete {
                let exceptions = summary_of_run(&saved.outcome);
                return Err(Trouble::Wrong(format!("The backup is PARTIAL: {exceptions}.")));
            }
            total = (total.0 + saved.outcome.bytes_sent, total.1 + saved.took);
            self.go_on()?;
        }
        let repository = size(bytes_below(&self.place.repository())?);
        self.screen.figures(&format!("The repository now takes {repository}"));
        Ok(total)
    }

    fn let_a_week_pass(&self) -> Result<(Deleted, LostLetter), Trouble> {
        self.screen.step("A week passes at the council; one document is deleted by mistake, and one e-mail is lost");
        let change = self.council.week_of_change(1, &self.place.documents(), &self.place.mailboxes())?;
        self.screen.figures(&format!(
            "{} new, {} changed, {} renamed, {} thrown away; {} with new mail, {} saved; {} written",
            count(change.added.len() as u64, "document"),
            grouped(change.modified.len() as u64),
            grouped(change.renamed.len() as u64),
            grouped(change.deleted.len() as u64),
            mailboxes(change.mail_grown.len()),
            count(change.mail_added.len() as u64, "message"),
            size(change.bytes)
        ));
        let path = self.choose_document(&change)?;
        let lost = self.place.documents().join(&path);
        let facts = Facts::of(&lost)?;
        fs::copy(&lost, self.place.kept_aside())?;
        fs::remove_file(&lost)?;
        self.screen.figures(&format!("Deleted by mistake: {}", shown(path.as_os_str().as_bytes())));
        let lost = letter::lose(&self.place.mailboxes(), |number| pick(self.figures.seed, number))?;
        let lost = lost.ok_or_else(|| Trouble::Wrong("The council has no e-mail to lose.".to_owned()))?;
        let mailbox = shown(lost.mailbox.as_os_str().as_bytes());
        self.screen.figures(&format!("Lost from {mailbox}: the e-mail \"{}\"", shown(lost.subject.as_bytes())));
        self.go_on()?;
        Ok((Deleted { path, facts }, lost))
    }

    /// A document that was there a week ago, so that the first backup holds it.
    fn choose_document(&self, change: &Change) -> Result<PathBuf, Trouble> {
        let items = compare::walk(&self.place.documents())?;
        let is_new = |path: &PathBuf| {
            change.added.contains(path)
                || change.modified.contains(path)
                || change.renamed.iter().any(|(_, to)| to == path)
        };
        let mut old: Vec<&PathBuf> = compare::files(&items)
            .filter(|(path, bytes)| {
                *bytes > 0 && compare::has_extension(path, "docx") && is_ordinary(path) && !is_new(path)
            })
            .map(|(path, _)| path)
            .collect();
        let chosen = pick(self.figures.seed, old.len()).map(|at| old.swap_remove(at).clone());
        chosen.ok_or_else(|| Trouble::Wrong("The council has no document to delete.".to_owned()))
    }

    fn compare_backups(&mut self) -> Result<(), Trouble> {
        let share = 100.0 * self.figures.second_backup_sent as f64 / self.figures.first_backup_sent.max(1) as f64;
        self.screen.figures(&format!(
            "The week's two backups sent {}: {share:.1} % of the first ones, in {:.1} instead of {:.1} seconds",
            size(self.figures.second_backup_sent),
            self.figures.second_backup_seconds,
            self.figures.first_backup_seconds
        ));
        self.figures.repository_bytes = bytes_below(&self.place.repository())?;
        self.go_on()
    }

    fn bring_back(&self, deleted: &Deleted) -> Result<(), Trouble> {
        let name = deleted.path.file_name().unwrap_or_default();
        self.screen.step(&format!("$ chest find --deleted {}", word(name.as_bytes())));
        let found = self.desk.find_deleted(&name.to_string_lossy())?;
        let is_it = |hit: &&Hit| {
            hit.path.root == b"documents" && hit.path.path.as_bytes() == deleted.path.as_os_str().as_bytes()
        };
        let hit = found.outcome.hits.iter().find(is_it);
        let (hit, version) = hit
            .and_then(|hit| Some((hit, hit.versions.first()?)))
            .ok_or_else(|| Trouble::Wrong("The deleted document was not found in any backup.".to_owned()))?;
        let id: String = version.last_seen.0.to_hex().chars().take(SHORT_ID).collect();
        self.screen.figures(&format!(
            "{} (last in backup {id}), found in {} among {} after {} to unlock",
            shown_path(&hit.path),
            seconds(found.took),
            count(found.outcome.snapshots as u64, "backup"),
            seconds(found.unlocking)
        ));
        let to = self.place.found();
        let path = word(&hit.path.to_bytes());
        self.screen.step(&format!("$ chest restore {id} {path} --to {}", quoted_path(&to)));
        let selection = Selection { selector: Some(SnapshotSelector::Id(id)), ..Selection::default() };
        let restored = self.desk.restore(&selection, vec![hit.path.clone()], &to)?;
        self.screen.figures(&restore_figures(&restored));
        self.hold_against_copy(deleted, &to.join("documents").join(&deleted.path))?;
        self.go_on()
    }

    fn hold_against_copy(&self, deleted: &Deleted, restored: &Path) -> Result<(), Trouble> {
        let differs = match deleted.facts.difference(&Facts::of(restored)?) {
            Some(what) => Some(what),
            None => compare::first_difference(&self.place.kept_aside(), restored)?
                .map(|at| format!("its content differs from byte {at} on")),
        };
        match differs {
            Some(what) => Err(Trouble::Wrong(format!("{} is not as it was: {what}.", shown_place(restored)))),
            None => {
                self.screen.figures("The same as the copy that was kept aside: every byte, its time and its rights");
                Ok(())
            }
        }
    }

    fn bring_back_letter(&self, lost: &LostLetter) -> Result<(), Trouble> {
        self.screen.step(&format!("$ chest find --mail --deleted --subject {}", word(lost.subject.as_bytes())));
        let found = self.desk.find_lost_message(&lost.subject)?;
        let hit = found.outcome.messages.iter().find(|hit| hit.subject == lost.subject);
        let hit = hit.ok_or_else(|| Trouble::Wrong("The lost e-mail was not found in any backup.".to_owned()))?;
        let id: String = hit.id.to_hex().chars().take(SHORT_ID).collect();
        self.screen.figures(&format!(
            "{id}, from {}, found in {} among {} after {} to unlock",
            shown(hit.from.as_bytes()),
            seconds(found.took),
            count(found.outcome.snapshots as u64, "backup"),
            seconds(found.unlocking)
        ));
        self.screen.step(&format!("$ chest mail save {id} --to {}", quoted_path(&self.place.found_mail())));
        let saved = self.desk.save_message(&id, &self.place.found_mail())?;
        if fs::read(&saved.outcome)? != lost.content {
            return Err(Trouble::Wrong(format!("{} is not the e-mail that was lost.", shown_place(&saved.outcome))));
        }
        let name = shown(saved.outcome.file_name().unwrap_or_default().as_bytes());
        self.screen.figures(&format!("{name}: the same as the copy that was kept aside, every byte"));
        self.go_on()
    }

    fn restore_everything(&mut self) -> Result<(), Trouble> {
        let to = self.place.restored();
        for root in ["documents", "mailboxes"] {
            self.screen.step(&format!("$ chest restore latest --root {root} --to {}", quoted_path(&to)));
            let selection = Selection { root: Some(root.as_bytes().to_vec()), ..Selection::default() };
            let restored = self.desk.restore(&selection, Vec::new(), &to)?;
            self.screen.figures(&restore_figures(&restored));
            if let Some(failure) = restored.outcome.failed.first() {
                let path = shown_path(&failure.path);
                return Err(Trouble::Wrong(format!("{path} could not be restored: {}", failure.message)));
            }
            self.figures.restore_seconds += restored.took.as_secs_f64();
            self.figures.restored_files += restored.outcome.files;
            self.figures.restored_bytes += restored.outcome.bytes;
            self.go_on()?;
        }
        Ok(())
    }

    /// Behind everybody's back: length, time and rights stay as they were.
    fn spoil_one_byte(&self) -> Result<(), Trouble> {
        let items = compare::walk(&self.place.restored())?;
        let files: Vec<(&PathBuf, u64)> = compare::files(&items).filter(|(_, bytes)| *bytes > 0).collect();
        let (path, bytes) = pick(self.figures.seed, files.len())
            .map(|at| files[at])
            .ok_or_else(|| Trouble::Wrong("Nothing was restored that could be spoilt.".to_owned()))?;
        self.screen.step("One byte of one restored file is changed on purpose (--prove)");
        let mut file = File::options().read(true).write(true).open(self.place.restored().join(path))?;
        let modified = file.metadata()?.modified()?;
        let mut byte = [0];
        file.seek(SeekFrom::Start(bytes / 2))?;
        file.read_exact(&mut byte)?;
        file.seek(SeekFrom::Start(bytes / 2))?;
        file.write_all(&[byte[0] ^ 1])?;
        file.set_modified(modified)?;
        self.screen.figures(&format!("Byte {} of {}", bytes / 2, shown(path.as_os_str().as_bytes())));
        Ok(())
    }

    fn compare_everything(&mut self) -> Result<(), Trouble> {
        self.screen
            .step("A second walk compares council and restored: names, kinds, lengths, times, rights and every byte");
        let begun = Instant::now();
        let comparison = compare::compare(&self.place.council(), &self.place.restored())?;
        self.figures.compared_files = comparison.files;
        self.figures.compared_bytes = comparison.bytes;
        self.screen.figures(&format!(
            "{} and {}, {}, compared in {}: {}",
            count(comparison.files, "file"),
            count(comparison.folders, "folder"),
            size(comparison.bytes),
            seconds(begun.elapsed()),
            match comparison.differences.len() {
                0 => "no difference".to_owned(),
                some => count(some as u64, "difference"),
            }
        ));
        self.judge(&comparison)?;
        self.go_on()
    }

    fn judge(&self, comparison: &Comparison) -> Result<(), Trouble> {
        let line = |one: &compare::Difference| format!("{}: {}", shown(one.path.as_os_str().as_bytes()), one.what);
        for difference in comparison.differences.iter().take(LISTED) {
            self.screen.figures(&format!("DIFFERENT: {}", line(difference)));
        }
        match comparison.differences.first() {
            Some(first) => Err(Trouble::Wrong(format!("What came back is not what was stored: {}.", line(first)))),
            None if comparison.files == 0 => Err(Trouble::Wrong("There was nothing to compare.".to_owned())),
            None => Ok(()),
        }
    }

    fn check(&mut self) -> Result<(), Trouble> {
        self.screen.step("$ chest check --read-data");
        let checked = self.desk.check_everything()?;
        self.figures.check_seconds = checked.took.as_secs_f64();
        let outcome = &checked.outcome;
        self.screen.figures(&format!(
            "{} and {} ({}) read in {}: {}",
            count(outcome.snapshots, "backup"),
            count(outcome.packs_read, "pack"),
            size(outcome.bytes_read),
            timed(outcome.bytes_read, checked.took),
            if outcome.findings.is_empty() { "nothing found" } else { "see below" }
        ));
        for finding in &outcome.findings {
            self.screen.figures(&format!("{} {}", finding.object, finding.what));
        }
        match outcome.is_damaged() {
            true => Err(Trouble::Wrong("The check found damage in the repository.".to_owned())),
            false => Ok(()),
        }
    }

    /// How to go on by oneself.
    pub(super) fn look_around(&self) {
        self.screen.say("To look around in it yourself:");
        for (name, path) in [
            ("CHEST_REPO", self.place.repository()),
            ("CHEST_STATE_DIR", self.place.state()),
            ("CHEST_CACHE_DIR", self.place.cache()),
        ] {
            self.screen.say(&format!("$ export {name}={}", quoted_path(&path)));
        }
        self.screen.say(&format!("$ export CHEST_PASSPHRASE={}", word(self.desk.passphrase().as_bytes())));
        self.screen.say("$ chest snapshots");
        self.screen.say("");
    }

    /// The result in a sentence.
    pub(super) fn praise(&self) -> String {
        let (files, bytes) = (count(self.figures.compared_files, "file"), size(self.figures.compared_bytes));
        format!("{files} ({bytes}) came back bit for bit, in {:.0} seconds altogether.", self.figures.seconds)
    }

    fn go_on(&self) -> Result<(), Trouble> {
        if self.screen.interrupt.is_asked() { Err(Trouble::Stopped) } else { Ok(()) }
    }
}

fn backup_figures(saved: &Timed<BackupOutcome>) -> String {
    let outcome = &saved.outcome;
    let files = outcome.roots.iter().map(|root| root.files).sum();
    let bytes = outcome.roots.iter().map(|root| root.bytes).sum();
    let unchanged = match outcome.files_unchanged {
        0 => String::new(),
        some => format!("{} unchanged, ", count(some, "file")),
    };
    format!(
        "COMPLETE: {}, {}; {unchanged}{} read in {}, {} sent",
        count(files, "file"),
        size(bytes),
        size(outcome.bytes_read),
        timed(outcome.bytes_read, saved.took),
        size(outcome.bytes_sent)
    )
}

fn restore_figures(restored: &Timed<RestoreOutcome>) -> String {
    let outcome = &restored.outcome;
    format!(
        "{}, {}, restored in {} after {} to unlock",
        count(outcome.files, "file"),
        size(outcome.bytes),
        timed(outcome.bytes, restored.took),
        seconds(restored.unlocking)
    )
}

/// `1.2 seconds (123 MB/s)`; without the rate where so little says nothing about it.
fn timed(bytes: u64, took: Duration) -> String {
    const SAYS_SOMETHING: u64 = 1_000_000;
    let rate = bytes as f64 / took.as_secs_f64().max(1e-3) / 1e6;
    if bytes < SAYS_SOMETHING { seconds(took) } else { format!("{} ({rate:.0} MB/s)", seconds(took)) }
}

fn seconds(took: Duration) -> String {
    const SHOWN: Duration = Duration::from_millis(50);
    if took < SHOWN { "less than 0.1 seconds".to_owned() } else { format!("{:.1} seconds", took.as_secs_f64()) }
}

fn mailboxes(number: usize) -> String {
    if number == 1 { "1 mailbox".to_owned() } else { format!("{number} mailboxes") }
}

/// A name that `find` takes as it stands, not as a pattern.
fn is_ordinary(path: &Path) -> bool {
    path.to_str().is_some_and(|text| !text.contains(['*', '?', '[', '\'']))
}

/// One of so many, chosen by the seed.
fn pick(seed: u64, number: usize) -> Option<usize> {
    (number > 0).then(|| (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % number)
}

fn quoted_path(path: &Path) -> String {
    word(path.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_told_only_where_it_says_something() {
        assert_eq!(timed(50_000_000, Duration::from_secs(2)), "2.0 seconds (25 MB/s)");
        assert_eq!(timed(5_000, Duration::from_secs(2)), "2.0 seconds");
        assert_eq!(timed(5_000, Duration::from_millis(3)), "less than 0.1 seconds");
    }

    #[test]
    fn a_choice_is_always_among_what_there_is() {
        for seed in [0, 1, 7, u64::MAX] {
            assert!(pick(seed, 3).is_some_and(|at| at < 3), "seed {seed}");
        }
        assert_eq!(pick(1, 0), None);
    }
}
