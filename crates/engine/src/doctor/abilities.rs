//! What a store can do beyond its promises: keep what is deleted, forbid deletion, notice damage on the way, tell the time.

use super::answer::{Answer, Fitness, Reply};
use super::clean_up::LOCKED_FOR;
use super::{DoctorOptions, Examination};
use crate::EngineError;
use bytes::Bytes;
use chest_model::Timestamp;
use chest_repo::RepoError;
use chest_store::{ObjectName, StoreError};

pub(super) const CHECKSUMS: &str = "Damage on the way to the storage is refused by it";
pub(super) const VERSIONS: &str = "Deleted or overwritten files can be brought back";
pub(super) const LOCK: &str = "Files can be locked against deletion for a time";
pub(super) const CLOCK: &str = "The clocks of this computer and of the storage agree";
const DELETE: &str = "This computer cannot delete backups";

const NO_CHECKSUMS: &str = "A backup that arrives damaged is noticed by the next check, and not while it can be sent again. Run \
    `chest check --read-data` regularly.";
const NO_VERSIONS: &str = "This means that ransomware or anybody else that gets a key that may delete can destroy the backups. \
    Switch versioning on, or keep a second copy elsewhere.";
const FOLDER_VERSIONS: &str = "Whatever deletes or overwrites files in this folder destroys backups. Keep a second copy elsewhere, \
    or a disk that is unplugged after each backup.";
const NO_LOCK: &str = "This means that whoever holds a key that may delete can destroy the backups at any time.";
const EMPTY_LOCK: &str =
    "The storage said that it had locked a file, and then let it be deleted. Do not rely on its locks.";
const MAY_DELETE: &str = "This means that ransomware on this computer can destroy the backups. Where the storage allows it, make \
    a key that may store, read and list, and not delete.";
const FOLDER_DELETE: &str =
    "This means that ransomware on this computer can destroy the backups while it reaches the folder.";
const MAY_HIDE: &str = "It can delete, and not for good where the storage keeps versions: see whether deleted files can be \
    brought back.";
const NOT_OBEYED: &str =
    "Nobody can say what becomes of what is deleted there. Do not rely on it either way: keep a second copy elsewhere.";
const SEEN_NOT_OBEYED: &str = "the storage said that it had deleted a file, and the file is still there";
const STILL_THERE: &str = "So what this examination put is still there, too.";
const CLOCKS_DIFFER: &str = "Set this computer's clock: storage refuses requests that seem to come from another time, and \
    backups would bear the wrong dates.";

/// AWS refuses from a quarter of an hour on.
const CLOCK_TOLERANCE: f64 = 120.0;

/// What this computer's key can do to what it has stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    /// Remove it for good.
    ForGood,
    /// Delete it as any program would: for good only where there are no versions.
    Plainly,
    /// The store says that it deletes, and does not.
    NotObeyed,
    /// Nothing.
    Refused,
}

/// Tries it. The first requests of all: what fails here fails the examination.
pub(super) fn try_deletion(with: Examination<'_>) -> Result<Deletion, EngineError> {
    let first = || -> Result<Deletion, StoreError> {
        let name = with.scratch.put("first", "first")?;
        if *with.scratch.store().get(&name)? != *b"first" {
            return Err(StoreError::Unreachable("what answers there does not return what was stored".to_owned()));
        }
        match with.scratch.remove(&name) {
            Ok(()) => return what_became_of(with, &name),
            Err(StoreError::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        match with.provider.map(|provider| provider.delete(&name)) {
            Some(Ok(())) => Ok(Deletion::Plainly),
            None | Some(Err(StoreError::Refused(_))) => Ok(Deletion::Refused),
            Some(Err(error)) => Err(error),
        }
    };
    Ok(first().map_err(RepoError::from)?)
}

/// A deletion that was answered with success is not believed.
fn what_became_of(with: Examination<'_>, name: &ObjectName) -> Result<Deletion, StoreError> {
    match with.scratch.store().get(name) {
        Err(StoreError::NotFound(_)) => Ok(Deletion::ForGood),
        Ok(_) => Ok(Deletion::NotObeyed),
        Err(error) => Err(error),
    }
}

pub(super) fn deletion(with: Examination<'_>, deletion: Deletion) -> Answer {
    let may_delete = if with.provider.is_some() { MAY_DELETE } else { FOLDER_DELETE };
    match deletion {
        Deletion::ForGood => Answer::bad("no-deletion", DELETE, Fitness::Warning, may_delete),
        Deletion::Plainly => Answer::bad("no-deletion", DELETE, Fitness::Warning, MAY_HIDE),
        Deletion::NotObeyed => Answer {
            reply: Reply::Unknown,
            ..Answer::bad("no-deletion", DELETE, Fitness::Warning, NOT_OBEYED).seeing(SEEN_NOT_OBEYED)
        },
        Deletion::Refused => Answer::good("no-deletion", DELETE).meaning(STILL_THERE),
    }
}

pub(super) fn checksums(with: Examination<'_>, _: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    let Some(provider) = with.provider else { return Ok(None) };
    let name = with.scratch.name("checksums/damaged");
    Ok(Some(match provider.refuses_wrong_checksum(&name, Bytes::from_static(b"damaged on the way"))? {
        true => Answer::good("checksums", CHECKSUMS),
        false => Answer::bad("checksums", CHECKSUMS, Fitness::Warning, NO_CHECKSUMS),
    }))
}

/// Not the bucket's setting, which this key may not be allowed to see, but what happens.
pub(super) fn versions(with: Examination<'_>, _: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    let bad = |meaning| Ok(Some(Answer::bad("versions", VERSIONS, Fitness::Warning, meaning)));
    let Some(provider) = with.provider else { return bad(FOLDER_VERSIONS) };
    let (scratch, store) = (with.scratch, with.scratch.store());
    let name = scratch.put("versions/object", "first")?;
    provider.overwrite(&name, Bytes::from_static(b"second"))?;
    let versions = store.versions(&name)?;
    for version in versions.iter().filter(|version| versions.len() > 1 && !version.is_delete_marker) {
        match store.get_version(&name, &version.id) {
            Ok(bytes) if *bytes == *b"first" => return Ok(Some(Answer::good("versions", VERSIONS))),
            Ok(_) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    bad(NO_VERSIONS)
}

pub(super) fn object_lock(with: Examination<'_>, _: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    // A folder has no locks, and needs no question.
    if with.provider.is_none() {
        return Ok(None);
    }
    let (scratch, store) = (with.scratch, with.scratch.store());
    let name = scratch.put("object-lock/object", "locked")?;
    let Some(version) = store.versions(&name)?.into_iter().next() else {
        return Err(StoreError::NotFound(name));
    };
    let now = with.context.environment.now();
    let until = Timestamp::new(now.seconds.saturating_add(LOCKED_FOR.as_secs() as i64), 0);
    match store.retain_version(&name, &version.id, until) {
        Ok(()) => scratch.note_lock(&name),
        Err(StoreError::Unsupported(_)) => {
            return Ok(Some(Answer::bad("object-lock", LOCK, Fitness::Warning, NO_LOCK)));
        }
        Err(error) => return Err(error),
    }
    Ok(Some(match store.delete_version(&name, &version.id) {
        // An outage is no lock.
        Err(error) if error.is_transient() || matches!(error, StoreError::Stopped) => return Err(error),
        Err(_) => Answer::good("object-lock", LOCK),
        Ok(()) => Answer::bad("object-lock", LOCK, Fitness::Warning, EMPTY_LOCK),
    }))
}

pub(super) fn clock(with: Examination<'_>, _: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    let Some(theirs) = with.provider.map(|provider| provider.clock()).transpose()?.flatten() else { return Ok(None) };
    let difference = with.context.environment.now().seconds_since(theirs);
    Ok(Some(match difference.abs() <= CLOCK_TOLERANCE {
        true => Answer::good("clock", CLOCK),
        false => {
            let way = if difference > 0.0 { "ahead of" } else { "behind" };
            let seen = format!("this computer's clock is {:.0} minutes {way} the storage's", difference.abs() / 60.0);
            Answer::bad("clock", CLOCK, Fitness::Warning, CLOCKS_DIFFER).seeing(seen)
        }
    }))
}
