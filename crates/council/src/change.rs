//! A week of change, done to a council that is already on disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::calendar::Moment;
use crate::documents::render::Renderer;
use crate::documents::week::{Step, advance};
use crate::error::CouncilError;
use crate::{Council, tree};

/// What a week changed. Paths are relative to the documents folder or, where they are of mail, to the mailboxes folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// New documents.
    pub added: Vec<PathBuf>,
    /// Documents with other content than before.
    pub modified: Vec<PathBuf>,
    /// Documents with another name or in another folder, and the same content: the old path and the new.
    pub renamed: Vec<(PathBuf, PathBuf)>,
    /// Documents that are gone.
    pub deleted: Vec<PathBuf>,
    /// New files of mail.
    pub mail_added: Vec<PathBuf>,
    /// Mailboxes with more messages at their end.
    pub mail_grown: Vec<PathBuf>,
    /// How many bytes were written: changed documents whole, mailboxes what was added.
    pub bytes: u64,
}

impl Council {
    /// Does to the documents and mailboxes what happens in this week; the first week is 1. What is on disk must be
    /// the council as it was written, with every week before this one applied once. Week 0 changes nothing.
    pub fn week_of_change(&self, week: u32, documents: &Path, mailboxes: &Path) -> Result<Change, CouncilError> {
        let mut change = Change::default();
        if week > 0 {
            self.change_documents(week, documents, &mut change)?;
            self.change_mail(week, mailboxes, &mut change)?;
        }
        Ok(change)
    }

    fn change_documents(&self, week: u32, documents: &Path, change: &mut Change) -> Result<(), CouncilError> {
        let mut plan = self.base_plan();
        for earlier in 1..week {
            advance(&mut plan, self.seed, self.last_day, earlier);
        }
        let renderer = Renderer::new(self.seed);
        let mut touched = BTreeSet::new();
        for step in advance(&mut plan, self.seed, self.last_day, week) {
            touched.extend(folders_of(&step, documents));
            change.apply(step, &renderer, documents)?;
        }
        let evening = Moment { seconds: self.as_of(week), nanoseconds: 0 };
        touched.iter().try_for_each(|folder| tree::set_time(&documents.join(folder), evening))
    }

    fn change_mail(&self, week: u32, mailboxes: &Path, change: &mut Change) -> Result<(), CouncilError> {
        let boxes = self.mail();
        for mailbox in &boxes.boxes {
            let numbers = mailbox.week(week);
            match mailbox.file() {
                Some(file) => {
                    change.bytes += self.append(&boxes, mailbox, &mailboxes.join(file), numbers, &|_| {})?;
                    change.mail_grown.push(file.into());
                }
                None => {
                    let saved = self.save_messages(&boxes, mailbox, mailboxes, numbers, &|_| {})?;
                    change.bytes += saved.bytes;
                    change.mail_added.extend(saved.paths.into_iter().map(PathBuf::from));
                }
            }
        }
        tree::set_time(mailboxes, Moment { seconds: self.as_of(week), nanoseconds: 0 })
    }
}

impl Change {
    fn apply(&mut self, step: Step, renderer: &Renderer, documents: &Path) -> Result<(), CouncilError> {
        match step {
            Step::Add(file) | Step::Modify(file) => {
                let bytes = renderer.render(&file)?;
                tree::write_file(documents, &file.path, &bytes, file.modified)?;
                self.bytes += bytes.len() as u64;
                let list = if file.revision == 0 { &mut self.added } else { &mut self.modified };
                list.push(file.path.into());
            }
            Step::Move { from, to } => {
                tree::rename(documents, &from, &to)?;
                self.renamed.push((from.into(), to.into()));
            }
            Step::Delete(path) => {
                tree::remove(documents, &path)?;
                self.deleted.push(path.into());
            }
        }
        Ok(())
    }
}

/// The folders whose own time changes with a step: those that gain or lose a name. An edit within a file leaves its
/// folder alone.
fn folders_of(step: &Step, documents: &Path) -> Vec<PathBuf> {
    let paths: Vec<&str> = match step {
        Step::Add(file) => vec![&file.path],
        Step::Modify(_) => Vec::new(),
        Step::Move { from, to } => vec![from, to],
        Step::Delete(path) => vec![path],
    };
    let mut folders = Vec::new();
    for path in paths {
        for folder in Path::new(path).ancestors().skip(1) {
            folders.push(folder.to_owned());
            // A new folder is a new name in the folder above it.
            if documents.join(folder).exists() {
                break;
            }
        }
    }
    folders
}
