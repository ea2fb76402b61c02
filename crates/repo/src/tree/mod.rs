//! Trees: each root of a snapshot is one path-sorted sequence of entries, cut into nodes where a keyed hash of the path says
//! so. A node is a function of the source alone, so that what did not change costs nothing (docs/format.md, "Trees").

mod builder;
mod entry;
mod list;
mod node;
mod reader;

pub use builder::{NodeSink, TreeBuilder};
pub use entry::{decode_entry, encode_entry};
pub use list::{MAX_CHUNKS, read_list, shorten_list};
pub use reader::{ChunkReader, Collector, TreeVisitor, walk};
