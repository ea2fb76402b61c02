//! Doubts in a record: [root, kind, accepted, numbers, names], so that a kind that is not known yet can be passed over.

use crate::cbor::{CborReader, CborWriter};
use crate::error::ObjectError;
use chest_model::{Amount, Doubt, DoubtKind};

const SHRUNK: u64 = 0;
const FOLDERS_GONE: u64 = 1;
const SCRAMBLED: u64 = 2;
const MISSING: u64 = 3;
const EMPTY: u64 = 4;

pub(super) fn write(doubt: &Doubt, out: &mut CborWriter) {
    let none: &[Vec<u8>] = &[];
    let (kind, numbers, names) = match &doubt.kind {
        DoubtKind::Shrunk { before, now } => (SHRUNK, vec![before.files, before.bytes, now.files, now.bytes], none),
        DoubtKind::FoldersGone { count, first } => (FOLDERS_GONE, vec![*count], &first[..]),
        DoubtKind::Scrambled { files, of, demands, .. } => (SCRAMBLED, vec![*files, *of], &demands[..]),
        DoubtKind::Missing { before } => (MISSING, vec![before.files, before.bytes], none),
        DoubtKind::Empty => (EMPTY, Vec::new(), none),
    };
    out.array(5).bytes(&doubt.root).uint(kind).uint(u8::from(doubt.accepted)).array(numbers.len());
    for number in numbers {
        out.uint(number);
    }
    out.array(names.len());
    for name in names {
        out.bytes(name);
    }
}

/// `None`: of a kind that a later version knows.
pub(super) fn read(reader: &mut CborReader<'_>) -> Result<Option<Doubt>, ObjectError> {
    reader.array_of(5)?;
    let root = reader.bytes()?.to_vec();
    let (kind, accepted) = (reader.uint()?, reader.uint()? != 0);
    let numbers = reader.list(CborReader::uint)?;
    let names = reader.list(|name| Ok(name.bytes()?.to_vec()))?;
    let kind = match (kind, &numbers[..]) {
        (SHRUNK, &[files_before, bytes_before, files, bytes]) => DoubtKind::Shrunk {
            before: Amount { files: files_before, bytes: bytes_before },
            now: Amount { files, bytes },
        },
        (FOLDERS_GONE, &[count]) => DoubtKind::FoldersGone { count, first: names },
        (SCRAMBLED, &[files, of]) => {
            DoubtKind::Scrambled { files, of, demand_count: names.len() as u64, demands: names }
        }
        (MISSING, &[files, bytes]) => DoubtKind::Missing { before: Amount { files, bytes } },
        (EMPTY, &[]) => DoubtKind::Empty,
        (SHRUNK | FOLDERS_GONE | SCRAMBLED | MISSING | EMPTY, _) => {
            return Err(ObjectError::Malformed("a doubt with other numbers"));
        }
        _ => return Ok(None),
    };
    Ok(Some(Doubt { root, kind, accepted }))
}

/// The doubts of which more files like demands are counted than named: [root, how many]. A list of its own, because a doubt with more
/// numbers than it had at first could not be read by programs that know no more.
pub(super) fn counts_of_demands(doubts: &[Doubt]) -> Vec<(&[u8], u64)> {
    let one = |doubt: &Doubt| match &doubt.kind {
        DoubtKind::Scrambled { demand_count, demands, .. } if *demand_count > demands.len() as u64 => {
            Some(*demand_count)
        }
        _ => None,
    };
    doubts.iter().filter_map(|doubt| Some((doubt.root.as_slice(), one(doubt)?))).collect()
}

/// Gives a root's doubt the number that [`counts_of_demands`] has for it.
pub(super) fn count_demands(doubts: &mut [Doubt], root: &[u8], number: u64) {
    for doubt in doubts.iter_mut().filter(|doubt| doubt.root == root) {
        if let DoubtKind::Scrambled { demand_count, .. } = &mut doubt.kind {
            *demand_count = number.max(*demand_count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(doubt: &Doubt) -> Option<Doubt> {
        let mut out = CborWriter::new();
        write(doubt, &mut out);
        read(&mut CborReader::new(&out.finish())).unwrap()
    }

    #[test]
    fn doubts_come_back_as_they_were() {
        let kinds = [
            DoubtKind::Shrunk { before: Amount { files: 9, bytes: 900 }, now: Amount { files: 1, bytes: 2 } },
            DoubtKind::FoldersGone { count: 3, first: vec![b"Minutes".to_vec(), b"Burials/1950s".to_vec()] },
            DoubtKind::Scrambled { files: 40, of: 50, demand_count: 1, demands: vec![b"HOW TO DECRYPT.txt".to_vec()] },
            DoubtKind::Missing { before: Amount { files: 9, bytes: 900 } },
            DoubtKind::Empty,
        ];
        for kind in kinds {
            for accepted in [false, true] {
                let doubt = Doubt { root: b"docs".to_vec(), kind: kind.clone(), accepted };
                assert_eq!(round_trip(&doubt), Some(doubt));
            }
        }
    }

    #[test]
    fn a_kind_that_a_later_version_knows_is_passed_over() {
        let mut out = CborWriter::new();
        out.array(5).bytes(b"docs").uint(77u8).uint(0u8).array(1).uint(4u8).array(0);
        assert_eq!(read(&mut CborReader::new(&out.finish())).unwrap(), None);
    }
}
