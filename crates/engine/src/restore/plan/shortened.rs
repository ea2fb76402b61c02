//! Names that no folder can hold: what each becomes in a restore, told once, also where it is that of a folder above what was asked for.

use crate::browse::ShownPath;
use crate::target::fitting_name;
use chest_model::TreePath;
use std::borrow::Cow;
use std::collections::HashSet;

/// An item that comes back under a shorter name, because its own is too long for any folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortenedName {
    /// What it is called in the snapshot.
    pub path: ShownPath,
    /// Where it is, below the target.
    pub written_as: TreePath,
}

/// The names that were shortened so far.
#[derive(Default)]
pub(super) struct Shortened {
    names: Vec<ShortenedName>,
    met: HashSet<(Vec<u8>, TreePath)>,
}

impl Shortened {
    /// Where an entry goes: its label and path, less the first `strip` of these components, in names that a folder can hold.
    pub(super) fn destination(&mut self, root: &[u8], path: &TreePath, strip: usize) -> Option<TreePath> {
        let all = std::iter::once(root).chain(path.components());
        let kept: Vec<Cow<'_, [u8]>> = all.skip(strip).map(fitting_name).collect();
        for (place, name) in kept.iter().enumerate() {
            if matches!(name, Cow::Owned(_)) {
                // Of these components the first is the label.
                let own: Vec<&[u8]> = path.components().take(strip + place).collect();
                self.note(root, &own, &kept[..=place]);
            }
        }
        TreePath::from_bytes(kept.join(&b'/')).ok().filter(|to| !to.is_root())
    }

    fn note(&mut self, root: &[u8], own: &[&[u8]], fitting: &[Cow<'_, [u8]>]) {
        let paths = (TreePath::from_bytes(own.join(&b'/')), TreePath::from_bytes(fitting.join(&b'/')));
        // Where one of its components is none, there is no way to restore it anyway.
        let (Ok(path), Ok(written_as)) = paths else { return };
        if self.met.insert((root.to_vec(), path.clone())) {
            self.names.push(ShortenedName { path: ShownPath { root: root.to_vec(), path }, written_as });
        }
    }

    /// All of them, in the order in which they were met.
    pub(super) fn into_names(self) -> Vec<ShortenedName> {
        self.names
    }
}
