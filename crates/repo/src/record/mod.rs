//! Records: what a writer says of each run (`log/`), and what the owner decides (`owner/`). Signed, chained over the hashes
//! of all their predecessors, and verifiable without a key by anyone who can list them (docs/format.md, "Records").

mod frame;
mod inventory;
mod log;
mod note;
mod owner;
mod snapshot;

pub use frame::{RecordFrame, SealedRecord, unpadded};
pub(crate) use frame::{RecordParts, seal_record};
pub use inventory::{Inventory, MAX_LISTED};
pub(crate) use log::RUN;
pub use log::{Added, AddedKind, AddedObject, LogPublic};
pub use note::{ClassCount, NoteRoot, WriterNote};
pub use owner::{LiveSlot, OwnerBody, OwnerPublic, WriterGrant};
pub use snapshot::{Forerunner, LeftOutBy, MAX_EXCEPTIONS, RootLocation, SnapshotBody, SnapshotRoot, Statistics};
pub(crate) use snapshot::{read_chunker, reason_from_number, reason_number};

use crate::cbor::{CborReader, CborWriter};
use crate::error::ObjectError;
use chest_model::ObjectHash;

/// Points to a record: its number in its chain and its hash, which together are its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef {
    /// Its number: one more than its largest parent's; the first is 0.
    pub seq: u64,
    /// The hash of its bytes.
    pub hash: ObjectHash,
}

impl RecordRef {
    fn write(&self, out: &mut CborWriter) {
        out.array(2).uint(self.seq).bytes(&self.hash.0);
    }

    fn read(reader: &mut CborReader<'_>) -> Result<Self, ObjectError> {
        reader.array_of(2)?;
        Ok(Self { seq: reader.uint()?, hash: ObjectHash(reader.fixed()?) })
    }
}

pub(crate) fn write_refs(refs: &[RecordRef], out: &mut CborWriter) {
    out.array(refs.len());
    for one in refs {
        one.write(out);
    }
}

pub(crate) fn read_refs(reader: &mut CborReader<'_>) -> Result<Vec<RecordRef>, ObjectError> {
    let refs = reader.list(RecordRef::read)?;
    if refs.is_sorted_by(|a, b| a < b) { Ok(refs) } else { Err(ObjectError::Malformed("references out of order")) }
}
