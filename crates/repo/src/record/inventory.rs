//! The names of the objects that a run added, in an object of their own where they are too many for the record. Not sealed:
//! the names lie open in the store anyway; its hash stands in the signed record.

use super::log::{AddedKind, AddedObject};
use crate::error::ObjectError;
use chest_model::ObjectHash;

/// More names than this go into an inventory object.
pub const MAX_LISTED: usize = 1024;
const MAGIC: &[u8; 8] = b"CHESTINV";
const ROW_LEN: usize = 33;

/// The objects that a run added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory(pub Vec<AddedObject>);

impl Inventory {
    /// Magic, format, seven zeros, then kind and hash of each, sorted.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + self.0.len() * ROW_LEN);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&[crate::header::FORMAT, 0, 0, 0, 0, 0, 0, 0]);
        for object in &self.0 {
            out.push(object.kind as u8);
            out.extend_from_slice(&object.hash.0);
        }
        out
    }

    /// Reads an inventory object; its hash is checked by the caller.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let (head, rows) = bytes.split_at_checked(16).ok_or(ObjectError::TooShort)?;
        if &head[..8] != MAGIC {
            return Err(ObjectError::NotOurs);
        }
        if head[8] != crate::header::FORMAT {
            return Err(ObjectError::NewerFormat { format: head[8] });
        }
        let (rows, rest) = rows.as_chunks::<ROW_LEN>();
        if !rest.is_empty() || head[9..].iter().any(|&byte| byte != 0) {
            return Err(ObjectError::Malformed("not a whole number of names"));
        }
        let objects = rows
            .iter()
            .map(|row| {
                let hash = ObjectHash(crate::header::array(&row[1..]));
                Ok(AddedObject { kind: AddedKind::from_number(row[0].into())?, hash })
            })
            .collect::<Result<Vec<_>, ObjectError>>()?;
        Ok(Self(objects))
    }
}
