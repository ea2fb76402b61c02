//! Finding things over all versions by the search catalogue, which is kept on this computer and brought up to date from the
//! repository before it answers. What is asked of it follows from the repository alone: where the catalogue is lost, damaged or
//! cannot be kept, the answers are the same, and only slower.

mod afterwards;
mod answer;
mod became;
mod chains;
mod computers;
mod doubtful_mailboxes;
mod exports;
mod fill;
mod find;
mod find_mail;
mod looks;
mod mailbox_kind;
mod mailbox_reader;
mod mailboxes;
mod name_pattern;
mod names;
mod save;
mod searches;
mod standing;

pub use find::{FindOutcome, FindQuery, Hit, HitVersion, find};
pub use find_mail::{
    FetchedMessage, MailHit, MailOutcome, MailQuery, MailboxHit, NotSearched, Sighting, fetch_message, find_mail,
};
pub use save::{SavedAs, SavedFiles, harmless_file_name, save_message};
pub use standing::{NotKnown, RootInDoubt, WhyNotKnown};

use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, CatalogueError, CatalogueKey, Condition};
use chest_model::shown_place;
use chest_repo::RepoError;
use std::fs::{File, TryLockError};
use std::time::Duration;

/// The catalogue's name in the cache folder of a repository.
const FILE: &str = "catalogue";
/// So long our own work on one message of a mailbox may take.
const ONE_MESSAGE: Duration = Duration::from_secs(60);
/// How often a catalogue that another run holds is asked for.
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// How the catalogue fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// It is kept on this computer.
    Kept,
    /// What lay there could not be used, and was made anew.
    MadeAnew,
    /// It cannot be kept on this computer, for this reason: it was made for this once.
    NotKept(String),
}

/// How much of the repository the catalogue must know to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Names,
    /// Mailboxes have to be read for it, which takes longer.
    NamesAndMail,
}

/// Brings the catalogue up to date and asks it. One that turns out to be damaged is made anew, and asked again.
fn consult<T>(
    context: &Context<'_>,
    opened: &Opened,
    wanted: Wanted,
    ask: &dyn Fn(&Catalogue) -> Result<T, EngineError>,
) -> Result<(T, Keeping), EngineError> {
    let mut keeping = Keeping::Kept;
    let mut why_not = CatalogueError::Damaged.to_string();
    for _ in 0..2 {
        let file = match locked_file(context, opened)? {
            Ok(file) => file,
            Err(reason) => {
                why_not = reason;
                break;
            }
        };
        match Catalogue::open(file, &key(opened), random(context)?) {
            Ok((mut catalogue, condition)) => {
                if condition == Condition::Discarded {
                    keeping = Keeping::MadeAnew;
                }
                match fill_and_ask(&mut catalogue, context, opened, wanted, ask) {
                    // Made anew it would want as much room; and once there is some, it goes on from here.
                    Err(EngineError::Catalogue(CatalogueError::Disk(error))) => {
                        why_not = error.to_string();
                        break;
                    }
                    Err(EngineError::Catalogue(problem)) => why_not = problem.to_string(),
                    answer => return Ok((answer?, keeping)),
                }
            }
            Err(CatalogueError::Disk(error)) => {
                why_not = error.to_string();
                break;
            }
            Err(problem) => why_not = problem.to_string(),
        }
        if let Err(error) = discard(context, opened) {
            why_not = error.to_string();
            break;
        }
        keeping = Keeping::MadeAnew;
    }
    let mut catalogue = Catalogue::in_memory()?;
    Ok((fill_and_ask(&mut catalogue, context, opened, wanted, ask)?, Keeping::NotKept(why_not)))
}

fn fill_and_ask<T>(
    catalogue: &mut Catalogue,
    context: &Context<'_>,
    opened: &Opened,
    wanted: Wanted,
    ask: &dyn Fn(&Catalogue) -> Result<T, EngineError>,
) -> Result<T, EngineError> {
    fill::bring_up_to_date(catalogue, opened, context.monitor)?;
    if wanted == Wanted::NamesAndMail {
        mailboxes::read_mailboxes(catalogue, context, opened)?;
    }
    ask(catalogue)
}

/// The file, locked: another run that fills it does what would have to be done here too, so it is waited for. The inner error
/// says why no file can be had.
fn locked_file(context: &Context<'_>, opened: &Opened) -> Result<Result<File, String>, EngineError> {
    let folder = context.cache(opened.repository);
    let path = shown_place(&folder.file(FILE));
    let file = match folder.open_to_change(FILE) {
        Ok(file) if has_one_name(&file) => file,
        // Changes would change what somebody else calls by another name, or be written through a link.
        Ok(_) | Err(RepoError::LocalDamaged { .. }) => return Ok(Err(format!("{path} is no file of its own"))),
        Err(error) => return Ok(Err(error.to_string())),
    };
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Ok(file)),
            Err(TryLockError::WouldBlock) if context.monitor.cancelled() => return Err(EngineError::Interrupted),
            Err(TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
            // Some shares know no locks; two runs that write at once must not be.
            Err(TryLockError::Error(error)) => return Ok(Err(format!("{path} cannot be locked: {error}"))),
        }
    }
}

#[cfg(unix)]
fn has_one_name(file: &File) -> bool {
    // Where the system does not say, it is as good as one.
    file.metadata().map_or(true, |found| std::os::unix::fs::MetadataExt::nlink(&found) <= 1)
}

#[cfg(not(unix))]
fn has_one_name(_: &File) -> bool {
    true
}

/// Empties the file, so that it is begun anew.
fn discard(context: &Context<'_>, opened: &Opened) -> Result<(), EngineError> {
    match locked_file(context, opened)? {
        Ok(file) => file.set_len(0).map_err(|error| CatalogueError::Disk(error).into()),
        Err(_) => Err(CatalogueError::Damaged.into()),
    }
}

fn key(opened: &Opened) -> CatalogueKey {
    CatalogueKey::new(opened.local_key.catalogue_secret())
}

fn random(context: &Context<'_>) -> Result<[u8; 32], EngineError> {
    let mut random = [0; 32];
    context.environment.fill_random(&mut random).map_err(RepoError::from)?;
    Ok(random)
}
