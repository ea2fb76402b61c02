//! Nodes of trees that were read a moment ago. Who looks up one path after another needs the same ones again and again.

use chest_model::ChunkId;
use chest_repo::RepoError;
use chest_repo::tree::ChunkReader;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A way down a tree, and then some.
const KEPT: usize = 16;

/// The plaintexts read last.
#[derive(Default)]
pub(crate) struct NodesAtHand {
    held: Mutex<VecDeque<(ChunkId, Vec<u8>)>>,
}

impl NodesAtHand {
    /// Reads by this reader only what is not at hand.
    pub(super) fn before<'n>(&'n self, reader: &'n dyn ChunkReader) -> Before<'n> {
        Before { nodes: self, reader }
    }

    fn held(&self) -> MutexGuard<'_, VecDeque<(ChunkId, Vec<u8>)>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A decorator.
pub(super) struct Before<'n> {
    nodes: &'n NodesAtHand,
    reader: &'n dyn ChunkReader,
}

impl ChunkReader for Before<'_> {
    fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
        let held = self.nodes.held().iter().find(|(held, _)| held == id).map(|(_, plain)| plain.clone());
        if let Some(plain) = held {
            return Ok(plain);
        }
        let plain = self.reader.read_chunk(id)?;
        let mut held = self.nodes.held();
        held.push_front((*id, plain.clone()));
        held.truncate(KEPT);
        Ok(plain)
    }

    fn will_read(&self, ids: &[ChunkId]) {
        self.reader.will_read(ids);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    struct Counting(AtomicUsize);

    impl ChunkReader for Counting {
        fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
            self.0.fetch_add(1, Relaxed);
            Ok(id.0.to_vec())
        }
    }

    #[test]
    fn what_was_read_a_moment_ago_is_not_read_again_and_the_rest_is() {
        let (nodes, counting) = (NodesAtHand::default(), Counting(AtomicUsize::new(0)));
        let id = |number: usize| ChunkId([number as u8; 32]);
        let read = |number: usize| {
            assert_eq!(nodes.before(&counting).read_chunk(&id(number)).unwrap(), id(number).0);
            counting.0.load(Relaxed)
        };
        assert_eq!([read(0), read(1), read(0), read(1)], [1, 2, 2, 2]);
        let after_many = (2..=KEPT + 1).map(read).last().unwrap();
        assert_eq!([read(KEPT + 1), read(0)], [after_many, after_many + 1]);
    }
}
