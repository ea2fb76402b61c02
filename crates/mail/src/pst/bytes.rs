//! Numbers out of bytes that a stranger wrote: what is not there is damage, never a panic.

use super::PstError;

/// So many bytes from there.
pub(crate) fn slice(bytes: &[u8], at: usize, length: usize) -> Result<&[u8], PstError> {
    at.checked_add(length).and_then(|end| bytes.get(at..end)).ok_or(PstError::Damaged("a record ends too early"))
}

pub(crate) fn byte(bytes: &[u8], at: usize) -> Result<u8, PstError> {
    slice(bytes, at, 1).map(|slice| slice[0])
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Result<u16, PstError> {
    slice(bytes, at, 2).map(|slice| u16::from_le_bytes([slice[0], slice[1]]))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, PstError> {
    slice(bytes, at, 4).map(|slice| u32::from_le_bytes([slice[0], slice[1], slice[2], slice[3]]))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Result<u64, PstError> {
    Ok(u64::from(u32_at(bytes, at)?) | u64::from(u32_at(bytes, at.saturating_add(4))?) << 32)
}
