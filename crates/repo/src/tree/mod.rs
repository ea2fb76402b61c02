//! Trees: each root of a snapshot is one path-sorted sequence of entries, cut into nodes where a keyed hash of the path says
//! so. A node is a function of the source alone, so that what did not change costs nothing (docs/format.md, "Trees").

mod builder;
mod compare;
mod entry;
mod list;
pub(crate) mod node;
mod reader;

pub use builder::{NodeSink, TreeBuilder};
pub use compare::{Side, Tree, TreeComparison, compare};
pub use entry::{decode_entry, encode_entry};
pub use list::{MAX_CHUNKS, read_list, shorten_list};
pub use reader::{ChunkReader, Collector, TreeVisitor, walk};

#[cfg(test)]
mod testing {
    //! Chunks in memory, for the tests of this folder.

    use super::{ChunkReader, NodeSink};
    use crate::error::RepoError;
    use chest_model::ChunkId;
    use std::collections::HashMap;

    #[derive(Default)]
    pub(super) struct Memory(pub(super) HashMap<ChunkId, Vec<u8>>);

    impl NodeSink for Memory {
        fn node(&mut self, plain: Vec<u8>) -> Result<ChunkId, RepoError> {
            let id = ChunkId(*blake3::hash(&plain).as_bytes());
            self.0.insert(id, plain);
            Ok(id)
        }
    }

    impl ChunkReader for Memory {
        fn read_chunk(&self, id: &ChunkId) -> Result<Vec<u8>, RepoError> {
            self.0.get(id).cloned().ok_or(RepoError::ChunkNotIndexed(*id))
        }
    }
}
