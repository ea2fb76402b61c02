//! Where a folder lies, as a chain of names: a path for every folder that is known and not yet visited would fill the
//! memory where folders nest thousands deep.

use std::sync::Arc;

/// A folder below the root, or the root.
#[derive(Debug)]
pub(super) struct Place {
    above: Option<Arc<Place>>,
    name: Box<[u8]>,
    /// How long its path is.
    length: usize,
}

impl Place {
    /// The root.
    pub(super) fn root() -> Arc<Self> {
        Arc::new(Self { above: None, name: Box::default(), length: 0 })
    }

    /// A folder in this one.
    pub(super) fn below(self: &Arc<Self>, name: &[u8]) -> Arc<Self> {
        Arc::new(Self { above: Some(Arc::clone(self)), name: name.into(), length: self.length_below(name) })
    }

    /// Its own name; empty for the root.
    pub(super) fn name(&self) -> &[u8] {
        &self.name
    }

    /// How long the path of what bears that name in this folder is.
    pub(super) fn length_below(&self, name: &[u8]) -> usize {
        self.length + usize::from(self.above.is_some()) + name.len()
    }

    /// Replaces what is in `path` with the path from the root.
    pub(super) fn write_path(&self, path: &mut Vec<u8>) {
        path.clear();
        path.resize(self.length, b'/');
        let mut end = path.len();
        let mut place = self;
        while let Some(above) = &place.above {
            let start = end - place.name.len();
            path[start..end].copy_from_slice(&place.name);
            end = start.saturating_sub(1);
            place = above;
        }
    }
}

/// Letting go of a long chain one by one: the compiler's own way would recurse once for every folder of it.
impl Drop for Place {
    fn drop(&mut self) {
        let mut above = self.above.take();
        while let Some(mut place) = above.and_then(Arc::into_inner) {
            above = place.above.take();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_the_names_joined() {
        let mut path = b"old".to_vec();
        let root = Place::root();
        root.write_path(&mut path);
        assert_eq!(path, b"");
        root.below(b"a").below(b"bc").below(b"d").write_path(&mut path);
        assert_eq!(path, b"a/bc/d");
    }

    #[test]
    fn a_chain_of_a_million_folders_is_let_go_of_without_recursion() {
        let mut place = Place::root();
        for _ in 0..1_000_000 {
            place = place.below(b"x");
        }
        drop(place);
    }
}
