//! The attributes that Windows keeps of every item, as far as they tell where its content is.

use crate::ReadFailure;
use chest_model::TreePath;
use std::collections::BTreeMap;

/// What the listing of a folder says of one item: a set of `FILE_ATTRIBUTE_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Attributes(pub u32);

impl Attributes {
    /// `FILE_ATTRIBUTE_OFFLINE`: the content is not at once to be had.
    pub const OFFLINE: u32 = 0x1000;
    /// `FILE_ATTRIBUTE_RECALL_ON_OPEN`: opening fetches. Says nothing by itself: an older meaning of the same bit is that the item has
    /// extended attributes.
    pub const RECALL_ON_OPEN: u32 = 0x4_0000;
    /// `FILE_ATTRIBUTE_PINNED`: somebody wants it always on this computer, which it need not be yet.
    pub const PINNED: u32 = 0x8_0000;
    /// `FILE_ATTRIBUTE_UNPINNED`: somebody wants its room; it may still be here.
    pub const UNPINNED: u32 = 0x10_0000;
    /// `FILE_ATTRIBUTE_RECALL_ON_DATA_ACCESS`: reading fetches.
    pub const RECALL_ON_DATA_ACCESS: u32 = 0x40_0000;

    /// Whether the content of a file with these attributes is only in the cloud. The flag for reparse points is no help: what has been
    /// fetched keeps it, and other things than clouds set it.
    pub const fn is_cloud_only(self) -> bool {
        self.0 & (Self::RECALL_ON_DATA_ACCESS | Self::OFFLINE) != 0
    }
}

/// The attributes of everything in one folder, by name.
pub type Listed = BTreeMap<Vec<u8>, Attributes>;

/// The attributes of items as the listing of their folder shows them: never by opening one, for that may fetch it.
pub trait AttributesOf: Send + Sync {
    /// Of everything in this folder of the source.
    fn in_folder(&self, folder: &TreePath) -> Result<Listed, ReadFailure>;

    /// Of the source's root, as the folder that holds it lists it.
    fn of_root(&self) -> Result<Attributes, ReadFailure>;
}

impl<A: AttributesOf + ?Sized> AttributesOf for std::sync::Arc<A> {
    fn in_folder(&self, folder: &TreePath) -> Result<Listed, ReadFailure> {
        (**self).in_folder(folder)
    }

    fn of_root(&self) -> Result<Attributes, ReadFailure> {
        (**self).of_root()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_seen_in_the_wild_has_its_meaning() {
        for (attributes, is_cloud_only, what) in [
            (0x80, false, "nothing set"),
            (0x20, false, "an ordinary file"),
            (0x21, false, "an ordinary file that is read-only"),
            (0x2020, false, "an ordinary file that is not indexed"),
            (0x220, false, "a sparse file of no cloud"),
            (0x420, false, "fetched, or a symbolic link: the reparse flag alone says nothing"),
            (0x8_0420, false, "fetched and to be kept on this computer"),
            (0x10_0420, false, "to be let go of, and still here"),
            (0x10_0020, false, "the same without its reparse flag, as listings show it to most programs"),
            (0x4_0020, false, "an ordinary file with extended attributes"),
            (0x50_1620, true, "a placeholder whose room was wanted"),
            (0x40_1620, true, "a placeholder that has never been fetched"),
            (0x50_1220, true, "a placeholder whose reparse flag is hidden"),
            (0x48_1620, true, "to be kept on this computer, and not here yet"),
            (0x40_0020, true, "a cloud that sets one flag only"),
            (0x1020, true, "moved to slow storage"),
        ] {
            assert_eq!(Attributes(attributes).is_cloud_only(), is_cloud_only, "{attributes:#x}: {what}");
        }
    }

    #[test]
    fn the_flags_together_are_the_placeholder_that_windows_shows() {
        let (archive, sparse, reparse) = (0x20, 0x200, 0x400);
        let flags = Attributes::RECALL_ON_DATA_ACCESS | Attributes::UNPINNED | Attributes::OFFLINE;
        assert_eq!(flags | archive | sparse | reparse, 0x50_1620);
        assert_eq!(Attributes::PINNED | archive | reparse, 0x8_0420);
        assert!(!Attributes(Attributes::RECALL_ON_OPEN).is_cloud_only());
    }
}
