//! Enrolling a machine: the owner's record that it may write, and the writer file that it keeps.

use crate::{Context, EngineError};
use chest_model::{ObjectHash, WriterId};
use chest_repo::history::{OnNewer, OwnerHistory, OwnerTrust};
use chest_repo::keys::MasterKey;
use chest_repo::local::WriterFile;
use chest_repo::record::{OwnerBody, WriterGrant};
use chest_repo::repository::{append_decision, fresh, unlock};
use chest_repo::slot::Credential;

/// What was enrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolOutcome {
    /// This machine's id in the repository.
    pub writer: WriterId,
    /// Whether it was enrolled already.
    pub already: bool,
}

/// Enrols this machine with a chunk domain of its own.
pub fn enrol(context: &Context<'_>, credential: &Credential) -> Result<EnrolOutcome, EngineError> {
    let master = unlock(&*context.store, credential)?;
    let history = OwnerHistory::read(&*context.store, OwnerTrust::Master(&master), OnNewer::Refuse)?;
    let state = context.state(master.repository());
    if let Some(file) = WriterFile::load(&state)? {
        let writer = file.key.writer();
        if history.writers().contains_key(&writer) && !history.view().revoked.contains(&writer) {
            return Ok(EnrolOutcome { writer, already: true });
        }
    }
    let grant = found_writer(context, &master, history.genesis())?;
    append_decision(&*context.store, &master, &history, OwnerBody::AddWriter(grant), context.environment)?;
    let writer = grant.writer;
    Ok(EnrolOutcome { writer, already: false })
}

/// Writes the file of a new writer and gives the grant that is still to be recorded. The file first, then the record: a
/// machine that was added holds its key, whatever happens in between.
pub(crate) fn found_writer(
    context: &Context<'_>,
    master: &MasterKey,
    genesis: ObjectHash,
) -> Result<WriterGrant, EngineError> {
    let random = fresh(context.environment)?;
    let (id, _) = random.split_first_chunk().unwrap_or((&[0; 16], &[]));
    let file = WriterFile::founding(master, WriterId(*id), genesis);
    file.store(&context.state(master.repository()))?;
    Ok(WriterGrant {
        writer: file.key.writer(),
        epoch: file.key.epoch(),
        key: file.key.public(),
        domain: file.domain_id,
    })
}
