//! Chains: the snapshots of one root, one after another, numbered. The numbers of snapshots that are gone are missing.

use chest_model::{ObjectHash, TreePath, WriterId};

/// One root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainId(pub(crate) i64);

/// What tells a root from all others, as it was first backed up: two accounts of a computer may each have one of a name, and so may
/// two folders of one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChainName {
    /// Who backed it up first.
    pub writer: WriterId,
    /// Its label.
    pub label: Vec<u8>,
    /// The path that it first came from.
    pub place: Vec<u8>,
}

#[cfg(test)]
impl ChainName {
    /// Of a computer for which the letters of its name stand.
    pub(crate) fn example(host: &str, label: &str) -> Self {
        let mut writer = [0; 16];
        host.bytes().zip(&mut writer).for_each(|(letter, byte)| *byte = letter);
        Self { writer: WriterId(writer), label: label.into(), place: format!("/home/{label}").into() }
    }
}

/// A snapshot of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its number: larger than that of the one before.
    pub number: i64,
    /// Which.
    pub snapshot: ObjectHash,
}

/// Part of a snapshot that could not be read when the catalogue was filled: nothing is known of what lies there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// In which chain.
    pub chain: ChainId,
    /// In which snapshot of it.
    pub number: i64,
    /// The first path that may be lost.
    pub from: TreePath,
    /// The first that is not; `None` to the end.
    pub until: Option<TreePath>,
    /// What is wrong.
    pub problem: String,
}

/// The first and last of the snapshots that are left within a span; `None` where none is.
pub(crate) fn left_of(span: (i64, i64), seen: &[Seen]) -> Option<(ObjectHash, ObjectHash)> {
    let from = seen.partition_point(|one| one.number < span.0);
    let to = seen.partition_point(|one| one.number <= span.1);
    let left = seen.get(from..to)?;
    Some((left.first()?.snapshot, left.last()?.snapshot))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::OPEN;

    #[test]
    fn a_span_means_what_is_left_of_it() {
        let seen = [2, 5, 9].map(|number| Seen { number, snapshot: ObjectHash([number as u8; 32]) });
        let left = |first, last| left_of((first, last), &seen).map(|(first, last)| (first.0[0], last.0[0]));
        assert_eq!(left(0, OPEN), Some((2, 9)));
        assert_eq!(left(2, 5), Some((2, 5)));
        assert_eq!(left(3, 8), Some((5, 5)));
        assert_eq!(left(6, 8), None);
        assert_eq!(left(10, OPEN), None);
    }
}
