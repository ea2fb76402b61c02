//! Whether a run counts as the week's backup of what it backed up. A council has to keep one of every class that is no older than a week: a
//! PARTIAL one is none, and an export is as old as what is newest in it, whenever it was backed up. Where nobody can tell, it does not count.

use super::{BackupOutcome, ClassOutcome, RootOutcome};
use chest_model::{Amount, Class, Completeness, Timestamp};

/// What counts as the week's may be so old, in whole days.
pub const UP_TO_DATE_DAYS: u64 = 7;

/// What lies further ahead of the clock, in seconds, is not young: either the clock is wrong, or it was when that was noted.
const AHEAD: i64 = 24 * 60 * 60;

/// How old what was backed up is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// As old as the backup: it was read where it is kept up to date.
    OfBackup,
    /// An export, or mail, of which what is newest is so many whole days old.
    Days(u64),
    /// An export, or mail, that does not say.
    Unknown,
}

/// Why a run does not count as the week's backup of a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotCompliant {
    /// It is PARTIAL.
    Partial,
    /// There is no file in it: somebody has said that this is right, and still nothing has been backed up.
    Empty,
    /// What is newest in a root of that name is so many days old.
    TooOld(Vec<u8>, u64),
    /// Nobody can tell how old a root of that name is.
    AgeUnknown(Vec<u8>),
}

impl RootOutcome {
    /// How old it was when it was backed up.
    fn age(&self, backed_up: Timestamp) -> Age {
        let tells = !self.containers.is_empty() || self.description.class == Class::Email;
        match self.newest_content {
            _ if self.files == 0 => Age::OfBackup,
            _ if !tells && self.keeps_exports => Age::Unknown,
            _ if !tells => Age::OfBackup,
            Some(newest) if newest.seconds > backed_up.seconds.saturating_add(AHEAD) => Age::Unknown,
            Some(newest) => Age::Days(whole_days(newest, backed_up)),
            None => Age::Unknown,
        }
    }
}

impl BackupOutcome {
    /// How old one of its roots was when it was backed up: by the clock of this run, which the time in the record may be years ahead of
    /// where the clock of an earlier one was.
    pub fn age_of(&self, root: &RootOutcome) -> Age {
        root.age(self.clock_behind.unwrap_or(self.ended))
    }

    /// Why this run does not count as the week's backup of a class; nothing where it does. What is stored only because no backup
    /// has it yet is old by nature, and says nothing of the newest.
    pub fn not_compliant(&self, class: Class) -> Option<NotCompliant> {
        let Some(outcome) = self.classes.iter().find(|one| one.class == class) else {
            return Some(NotCompliant::Empty);
        };
        match outcome {
            ClassOutcome { completeness: Completeness::Partial, .. } => return Some(NotCompliant::Partial),
            ClassOutcome { held: Amount { files: 0, .. }, .. } => return Some(NotCompliant::Empty),
            _ => {}
        }
        let mut roots = self.roots.iter().filter(|root| root.description.class == class && !root.is_once);
        let label = |root: &RootOutcome| root.description.label.clone();
        roots.find_map(|root| match self.age_of(root) {
            Age::Days(days) if days > UP_TO_DATE_DAYS => Some(NotCompliant::TooOld(label(root), days)),
            Age::Unknown => Some(NotCompliant::AgeUnknown(label(root))),
            Age::Days(_) | Age::OfBackup => None,
        })
    }
}

fn whole_days(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from((to.seconds - from.seconds) / (24 * 60 * 60)).unwrap_or(0)
}
