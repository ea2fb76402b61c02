//! What happens to stored objects that nobody asked for: flipped bits, lost ends, swapped and missing objects, done behind
//! the store's back.

use bytes::{Bytes, BytesMut};
use chest_store::{MemoryStore, ObjectName, ObjectStore, StoreError};
use std::fs;
use std::io;
use std::path::Path;

/// A place whose objects can be damaged: a store in memory, or the folder of a local one.
pub trait Damageable {
    /// The bytes of an object.
    fn read_raw(&self, name: &ObjectName) -> Result<Bytes, StoreError>;
    /// Puts other bytes in their place.
    fn overwrite_raw(&self, name: &ObjectName, bytes: Bytes) -> Result<(), StoreError>;
    /// Takes an object away.
    fn remove_raw(&self, name: &ObjectName) -> Result<(), StoreError>;
}

impl Damageable for MemoryStore {
    fn read_raw(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.get(name)
    }

    fn overwrite_raw(&self, name: &ObjectName, bytes: Bytes) -> Result<(), StoreError> {
        self.insert_raw(name.clone(), bytes);
        Ok(())
    }

    fn remove_raw(&self, name: &ObjectName) -> Result<(), StoreError> {
        Self::remove_raw(self, name).map(drop).ok_or_else(|| StoreError::NotFound(name.clone()))
    }
}

impl Damageable for Path {
    fn read_raw(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        fs::read(self.join(name.as_str())).map(Bytes::from).map_err(|error| describe("reading", name, error))
    }

    fn overwrite_raw(&self, name: &ObjectName, bytes: Bytes) -> Result<(), StoreError> {
        fs::write(self.join(name.as_str()), bytes).map_err(|error| describe("damaging", name, error))
    }

    fn remove_raw(&self, name: &ObjectName) -> Result<(), StoreError> {
        fs::remove_file(self.join(name.as_str())).map_err(|error| describe("removing", name, error))
    }
}

fn describe(doing: &'static str, name: &ObjectName, source: io::Error) -> StoreError {
    match source.kind() {
        io::ErrorKind::NotFound => StoreError::NotFound(name.clone()),
        _ => StoreError::Io { doing, name: name.to_string(), source },
    }
}

/// Turns one bit round, counted from the first byte's lowest. A bit past the end is refused: it would damage nothing.
pub fn flip_bit<D: Damageable + ?Sized>(place: &D, name: &ObjectName, bit: u64) -> Result<(), StoreError> {
    change(place, name, bit / 8..bit / 8 + 1, |byte| *byte ^= 1 << (bit % 8))
}

/// Sets a stretch to zero, as a disk does that lost a block.
pub fn zero<D: Damageable + ?Sized>(
    place: &D,
    name: &ObjectName,
    range: std::ops::Range<u64>,
) -> Result<(), StoreError> {
    change(place, name, range, |byte| *byte = 0)
}

/// Cuts the object after so many bytes.
pub fn truncate<D: Damageable + ?Sized>(place: &D, name: &ObjectName, length: u64) -> Result<(), StoreError> {
    let bytes = place.read_raw(name)?;
    check_range(name, &bytes, &(0..length))?;
    place.overwrite_raw(name, bytes.slice(..length as usize))
}

/// Adds bytes at the end.
pub fn append<D: Damageable + ?Sized>(place: &D, name: &ObjectName, more: &[u8]) -> Result<(), StoreError> {
    let mut bytes = BytesMut::from(place.read_raw(name)?);
    bytes.extend_from_slice(more);
    place.overwrite_raw(name, bytes.freeze())
}

/// Gives each of two objects the other's bytes.
pub fn swap<D: Damageable + ?Sized>(place: &D, one: &ObjectName, other: &ObjectName) -> Result<(), StoreError> {
    let (first, second) = (place.read_raw(one)?, place.read_raw(other)?);
    place.overwrite_raw(one, second)?;
    place.overwrite_raw(other, first)
}

/// Puts a copy of one object's bytes over another's: a misdirected write.
pub fn copy_over<D: Damageable + ?Sized>(place: &D, from: &ObjectName, to: &ObjectName) -> Result<(), StoreError> {
    place.overwrite_raw(to, place.read_raw(from)?)
}

/// Takes the object away.
pub fn delete<D: Damageable + ?Sized>(place: &D, name: &ObjectName) -> Result<(), StoreError> {
    place.remove_raw(name)
}

fn change<D: Damageable + ?Sized>(
    place: &D,
    name: &ObjectName,
    range: std::ops::Range<u64>,
    damage: impl Fn(&mut u8),
) -> Result<(), StoreError> {
    let bytes = place.read_raw(name)?;
    check_range(name, &bytes, &range)?;
    let mut bytes = BytesMut::from(bytes);
    bytes[range.start as usize..range.end as usize].iter_mut().for_each(damage);
    place.overwrite_raw(name, bytes.freeze())
}

fn check_range(name: &ObjectName, bytes: &Bytes, wanted: &std::ops::Range<u64>) -> Result<(), StoreError> {
    let size = bytes.len() as u64;
    if wanted.end <= size {
        return Ok(());
    }
    Err(StoreError::RangeOutside { name: name.clone(), size, wanted: wanted.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_store::{LocalStore, PutOutcome};

    fn name(text: &str) -> ObjectName {
        ObjectName::new(text).unwrap()
    }

    fn every_damage_shows(place: &(impl Damageable + ?Sized), store: &dyn ObjectStore) {
        let (a, b) = (name("packs/a"), name("packs/b"));
        for (name, bytes) in [(&a, "abcd"), (&b, "wxyz")] {
            assert_eq!(store.put(name, bytes.into()).unwrap(), PutOutcome::Done);
        }
        let expect = |name, bytes: &'static str| assert_eq!(store.get(name).unwrap(), Bytes::from(bytes));
        flip_bit(place, &a, 8).unwrap();
        expect(&a, "accd");
        assert!(matches!(flip_bit(place, &a, 32), Err(StoreError::RangeOutside { .. })));
        swap(place, &a, &b).unwrap();
        expect(&a, "wxyz");
        expect(&b, "accd");
        truncate(place, &b, 3).unwrap();
        append(place, &b, b"!").unwrap();
        expect(&b, "acc!");
        zero(place, &b, 1..3).unwrap();
        expect(&b, "a\0\0!");
        copy_over(place, &b, &a).unwrap();
        expect(&a, "a\0\0!");
        delete(place, &a).unwrap();
        assert!(matches!(store.get(&a), Err(StoreError::NotFound(_))));
        assert!(matches!(delete(place, &a), Err(StoreError::NotFound(_))));
    }

    #[test]
    fn every_damage_shows_in_memory() {
        let store = MemoryStore::new();
        every_damage_shows(&store, &store);
    }

    #[test]
    fn every_damage_shows_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::open(folder.path()).unwrap();
        every_damage_shows(folder.path(), &store);
    }
}
