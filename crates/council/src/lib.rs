//! A fictional parish council, generated from a seed: the clerk's documents, the council's mail, and what changes
//! week by week. The demonstration, the tests and the benchmarks all back up this council, so that nobody's real
//! papers are ever needed.
//!
//! The same seed and size give the same files, bytes and times, whatever the machine and its number of processors.

mod calendar;
mod change;
mod documents;
mod error;
mod format;
mod mail;
mod parallel;
mod people;
mod prose;
mod random;
#[cfg(test)]
mod tests;
mod tree;

use std::num::NonZeroUsize;
use std::path::Path;

use jiff::civil::Date;

pub use change::Change;
pub use error::CouncilError;
pub use people::{CLERK_NAME, COUNCIL_ADDRESS, COUNCIL_DOMAIN, COUNCIL_NAME, COUNCIL_TELEPHONE};

use calendar::Moment;
use documents::plan::{Plan, estimate};
use documents::render::Renderer;
use mail::{Boxes, Mailbox};

/// How much of the council is documents, in hundredths; the rest is mail.
const DOCUMENT_SHARE: u64 = 70;

/// A council that can be written to disk.
#[derive(Debug, Clone)]
pub struct Council {
    seed: u64,
    size_bytes: u64,
    /// The day on which its papers end, before any week of change.
    last_day: Date,
    threads: usize,
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// How many files.
    pub files: u64,
    /// Their length together.
    pub bytes: u64,
}

impl Council {
    /// The council of this seed, with documents and mail of about so many bytes together. Below two mebibytes or so
    /// it comes out larger than asked for: it has its registers and books however small it is.
    pub fn new(seed: u64, approximate_bytes: u64) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { seed, size_bytes: approximate_bytes, last_day: calendar::LAST_DAY, threads }
    }

    /// The same council with papers that end on the day of this moment (seconds since 1970) instead of 30 October 2026.
    #[must_use]
    pub fn ending_at(self, unix_seconds: i64) -> Self {
        let day = Moment { seconds: unix_seconds, nanoseconds: 0 }.day();
        Self { last_day: calendar::working_day(day), ..self }
    }

    /// Uses so many threads. The files are the same with any number.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// The evening, in seconds since 1970, after this week's changes; with week zero, after the council was first
    /// written. Nothing is newer.
    pub fn as_of(&self, week: u32) -> i64 {
        let day = if week == 0 { self.last_day } else { documents::week::friday_of(self.last_day, week) };
        Moment::evening_of(day).seconds
    }

    /// Writes the documents, as they would lie in the clerk's OneDrive folder. `progress` hears how many bytes were
    /// written so far.
    pub fn write_documents(&self, dir: &Path, progress: &dyn Fn(u64)) -> Result<Written, CouncilError> {
        let plan = self.base_plan();
        let mut times = tree::FolderTimes::default();
        let long_ago = Moment::evening_of(calendar::days_before(self.last_day, 700));
        for folder in &plan.empty_folders {
            times.note(&format!("{folder}/nothing"), long_ago);
            std::fs::create_dir_all(dir.join(folder)).map_err(error::at(dir.join(folder)))?;
        }
        let mut files: Vec<_> = plan.files.values().collect();
        files.iter().for_each(|file| times.note(&file.path, file.modified));
        // The largest first, so that no thread is left with a long one at the end.
        files.sort_by_key(|file| std::cmp::Reverse(estimate(&file.content)));

        let renderer = Renderer::new(self.seed);
        let write = |index: usize| {
            let file = files[index];
            let bytes = renderer.render(file)?;
            tree::write_file(dir, &file.path, &bytes, file.modified)?;
            Ok(bytes.len() as u64)
        };
        let mut written = Written::default();
        parallel::in_order(files.len(), self.threads, write, |bytes| {
            written.files += 1;
            written.bytes += bytes;
            progress(written.bytes);
            Ok(())
        })?;
        times.apply(dir)?;
        Ok(written)
    }

    /// Writes the exports of the council's e-mail: three mailboxes in mbox format and a folder of saved messages.
    pub fn write_mailboxes(&self, dir: &Path, progress: &dyn Fn(u64)) -> Result<Written, CouncilError> {
        let boxes = self.mail();
        let mut written = Written::default();
        for mailbox in &boxes.boxes {
            let numbers = mailbox.oldest..=0;
            let before = written.bytes;
            let on_bytes = |bytes| progress(before + bytes);
            let (files, bytes) = match mailbox.file() {
                Some(file) => {
                    let path = dir.join(file);
                    std::fs::create_dir_all(dir).map_err(error::at(dir))?;
                    std::fs::write(&path, b"").map_err(error::at(&path))?;
                    (1, self.append(&boxes, mailbox, &path, numbers, &on_bytes)?)
                }
                None => {
                    let saved = self.save_messages(&boxes, mailbox, dir, numbers, &on_bytes)?;
                    (saved.paths.len() as u64, saved.bytes)
                }
            };
            written.files += files;
            written.bytes += bytes;
        }
        tree::set_time(dir, Moment::evening_of(self.last_day))?;
        Ok(written)
    }

    fn document_bytes(&self) -> u64 {
        self.size_bytes / 100 * DOCUMENT_SHARE
    }

    fn base_plan(&self) -> Plan {
        Plan::base(self.seed, self.document_bytes(), self.last_day)
    }

    fn mail(&self) -> Boxes {
        Boxes::new(self.seed, self.size_bytes - self.document_bytes(), self.last_day, &self.base_plan())
    }

    /// Adds messages at the end of an mbox file; returns how many bytes they came to.
    fn append(
        &self,
        boxes: &Boxes,
        mailbox: &Mailbox,
        path: &Path,
        numbers: std::ops::RangeInclusive<i64>,
        progress: &dyn Fn(u64),
    ) -> Result<u64, CouncilError> {
        use std::io::Write;
        let (first, last) = numbers.into_inner();
        let mut file = std::fs::OpenOptions::new().append(true).open(path).map_err(error::at(path))?;
        let mut written = 0;
        let make = |index: usize| boxes.mbox_entry(mailbox, first + index as i64);
        parallel::in_order((last - first + 1) as usize, self.threads, make, |entry| {
            file.write_all(&entry).map_err(error::at(path))?;
            written += entry.len() as u64;
            progress(written);
            Ok(())
        })?;
        drop(file);
        tree::set_time(path, mailbox.date(last))?;
        Ok(written)
    }

    /// Saves messages as files of their own.
    fn save_messages(
        &self,
        boxes: &Boxes,
        mailbox: &Mailbox,
        dir: &Path,
        numbers: std::ops::RangeInclusive<i64>,
        progress: &dyn Fn(u64),
    ) -> Result<SavedMessages, CouncilError> {
        let (first, last) = numbers.into_inner();
        let mut times = tree::FolderTimes::default();
        let mut saved = SavedMessages::default();
        let make = |index: usize| {
            let (path, date, bytes) = boxes.saved_message(mailbox, first + index as i64)?;
            tree::write_file(dir, &path, &bytes, date)?;
            Ok((path, date, bytes.len() as u64))
        };
        parallel::in_order((last - first + 1) as usize, self.threads, make, |(path, date, bytes)| {
            times.note(&path, date);
            saved.paths.push(path);
            saved.bytes += bytes;
            progress(saved.bytes);
            Ok(())
        })?;
        times.apply(dir)?;
        Ok(saved)
    }
}

#[derive(Default)]
struct SavedMessages {
    paths: Vec<String>,
    bytes: u64,
}
