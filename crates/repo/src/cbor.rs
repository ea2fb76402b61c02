//! CBOR in deterministic encoding (RFC 8949 §4.2.1) with integer keys, over `minicbor`: shortest integers, definite lengths,
//! keys ascending. Keys 0 to 99 must be understood; higher ones may be ignored.

use crate::error::ObjectError;
use chest_model::Timestamp;
use minicbor::{Decoder, Encoder};

/// Writes CBOR into memory, which cannot fail: `minicbor`'s error is uninhabited for a `Vec`, so results are dropped.
pub(crate) struct CborWriter(Encoder<Vec<u8>>);

impl CborWriter {
    pub(crate) fn new() -> Self {
        Self(Encoder::new(Vec::new()))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }

    pub(crate) fn map(&mut self, pairs: usize) -> &mut Self {
        let _ = self.0.map(pairs as u64);
        self
    }

    pub(crate) fn array(&mut self, items: usize) -> &mut Self {
        let _ = self.0.array(items as u64);
        self
    }

    pub(crate) fn uint(&mut self, value: impl Into<u64>) -> &mut Self {
        let _ = self.0.u64(value.into());
        self
    }

    pub(crate) fn int(&mut self, value: i64) -> &mut Self {
        let _ = self.0.i64(value);
        self
    }

    pub(crate) fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let _ = self.0.bytes(value);
        self
    }

    pub(crate) fn text(&mut self, value: &str) -> &mut Self {
        let _ = self.0.str(value);
        self
    }

    pub(crate) fn time(&mut self, value: Timestamp) -> &mut Self {
        self.array(2).int(value.seconds).uint(value.nanoseconds)
    }

    /// Bytes that are CBOR already.
    pub(crate) fn encoded(&mut self, value: &[u8]) -> &mut Self {
        self.0.writer_mut().extend_from_slice(value);
        self
    }
}

/// Reads CBOR that may be hostile: every length is held against the bytes that are there before anything is allocated.
#[derive(Clone)]
pub(crate) struct CborReader<'b> {
    decoder: Decoder<'b>,
    /// What the items of all its lists may still take in memory.
    room: usize,
}

/// An item of one byte can take fifty in memory: what all lists of a value hold together is bounded, far above what is ever written.
const MOST_LISTED: usize = 16 << 20;
const LONGER_THAN_ANY: ObjectError = ObjectError::Malformed("a list longer than any");
const BAD: ObjectError = ObjectError::Malformed("not the CBOR that was expected");

impl<'b> CborReader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { decoder: Decoder::new(bytes), room: MOST_LISTED }
    }

    /// Refuses bytes after the value.
    pub(crate) fn end(&self) -> Result<(), ObjectError> {
        if self.position() == self.decoder.input().len() {
            Ok(())
        } else {
            Err(ObjectError::Malformed("bytes after the end"))
        }
    }

    pub(crate) fn position(&self) -> usize {
        self.decoder.position()
    }

    fn remaining(&self) -> u64 {
        (self.decoder.input().len() - self.decoder.position()) as u64
    }

    /// Number of items of an array; each takes at least a byte, so more than there are bytes left is a lie.
    pub(crate) fn array(&mut self) -> Result<usize, ObjectError> {
        let items = self.decoder.array().map_err(|_| BAD)?.ok_or(BAD)?;
        if items > self.remaining() { Err(BAD) } else { Ok(items as usize) }
    }

    /// An array of exactly so many.
    pub(crate) fn array_of(&mut self, items: usize) -> Result<(), ObjectError> {
        if self.array()? == items { Ok(()) } else { Err(BAD) }
    }

    /// An array, each item read by `item`.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, ObjectError>,
    ) -> Result<Vec<T>, ObjectError> {
        let count = self.array()?;
        let needed = count.saturating_mul(size_of::<T>());
        self.room = self.room.checked_sub(needed).ok_or(LONGER_THAN_ANY)?;
        let mut items = Vec::with_capacity(count);
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    /// The same, where more items than `most` are a lie that would cost memory.
    pub(crate) fn list_of_at_most<T>(
        &mut self,
        most: usize,
        item: impl FnMut(&mut Self) -> Result<T, ObjectError>,
    ) -> Result<Vec<T>, ObjectError> {
        if self.clone().array()? > most {
            return Err(LONGER_THAN_ANY);
        }
        self.list(item)
    }

    /// A map with ascending integer keys; `field` says whether it knew the key (and has then read its value).
    pub(crate) fn map(
        &mut self,
        mut field: impl FnMut(u64, &mut Self) -> Result<bool, ObjectError>,
    ) -> Result<(), ObjectError> {
        let pairs = self.decoder.map().map_err(|_| BAD)?.ok_or(BAD)?;
        let mut previous = None;
        for _ in 0..pairs {
            let key = self.uint()?;
            if previous.is_some_and(|previous| previous >= key) {
                return Err(ObjectError::Malformed("keys out of order"));
            }
            previous = Some(key);
            if !field(key, self)? {
                if key < 100 {
                    return Err(ObjectError::UnknownField { key });
                }
                self.skip()?;
            }
        }
        Ok(())
    }

    /// Passes over one value, whatever it is.
    pub(crate) fn skip(&mut self) -> Result<(), ObjectError> {
        self.decoder.skip().map_err(|_| BAD)
    }

    pub(crate) fn uint(&mut self) -> Result<u64, ObjectError> {
        self.decoder.u64().map_err(|_| BAD)
    }

    pub(crate) fn small<T: TryFrom<u64>>(&mut self) -> Result<T, ObjectError> {
        T::try_from(self.uint()?).map_err(|_| BAD)
    }

    pub(crate) fn int(&mut self) -> Result<i64, ObjectError> {
        self.decoder.i64().map_err(|_| BAD)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'b [u8], ObjectError> {
        self.decoder.bytes().map_err(|_| BAD)
    }

    /// Bytes of exactly this length.
    pub(crate) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ObjectError> {
        self.bytes()?.try_into().map_err(|_| BAD)
    }

    pub(crate) fn text(&mut self) -> Result<String, ObjectError> {
        self.decoder.str().map(str::to_owned).map_err(|_| BAD)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, ObjectError> {
        self.array_of(2)?;
        let (seconds, nanoseconds) = (self.int()?, self.small()?);
        if nanoseconds < 1_000_000_000 { Ok(Timestamp { seconds, nanoseconds }) } else { Err(BAD) }
    }
}

/// A field that must be there.
pub(crate) fn required<T>(value: Option<T>) -> Result<T, ObjectError> {
    value.ok_or(ObjectError::Malformed("a field is missing"))
}
