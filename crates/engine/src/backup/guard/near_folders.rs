//! The folders of a root, as many as can be remembered: those nearest to the top, whatever the order in which they come. An export that
//! lacks one of them next week is found by it.

use std::collections::BTreeMap;

/// So many folders are remembered of a root …
const FOLDERS: usize = 4096;
/// … and so many bytes of their paths, which may be long.
const BYTES: usize = 512 << 10;

/// The folders nearest to the top, with the files in and below each.
#[derive(Debug, Clone, Default)]
pub(in crate::backup) struct NearFolders {
    /// By depth: the first are those right below the root.
    levels: Vec<BTreeMap<Vec<u8>, u64>>,
    count: usize,
    bytes: usize,
    /// Depth and path of the nearest folder that found no room: it and whatever comes after it is not remembered.
    first_beyond: Option<(usize, Vec<u8>)>,
    beyond: u64,
    /// Where the files lie that are being counted, and how many they are so far.
    counting: (Vec<u8>, u64),
}

impl NearFolders {
    /// Notes a folder.
    pub(in crate::backup) fn folder(&mut self, path: &[u8]) {
        if path.is_empty() {
            return;
        }
        let depth = depth(path);
        if self.is_beyond(depth, path) {
            self.beyond += 1;
            return;
        }
        self.levels.resize(self.levels.len().max(depth + 1), BTreeMap::new());
        self.levels[depth].insert(path.to_vec(), 0);
        self.count += 1;
        self.bytes += path.len();
        while self.count > FOLDERS || self.bytes > BYTES {
            self.drop_farthest();
        }
    }

    fn drop_farthest(&mut self) {
        let farthest = self.levels.last_mut().and_then(BTreeMap::pop_last);
        match farthest {
            Some((path, _)) => {
                self.count -= 1;
                self.bytes -= path.len();
                self.beyond += 1;
                self.first_beyond = Some((self.levels.len() - 1, path));
            }
            None => self.levels.truncate(self.levels.len().saturating_sub(1)),
        }
    }

    fn is_beyond(&self, depth: usize, path: &[u8]) -> bool {
        self.first_beyond.as_ref().is_some_and(|(first, from)| (depth, path) >= (*first, from.as_slice()))
    }

    /// Notes a file. Those of one folder come together, mostly, and are counted at once.
    pub(in crate::backup) fn file(&mut self, path: &[u8]) {
        let parent = &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)];
        if self.counting.0 != parent {
            self.finish();
            self.counting.0 = parent.to_vec();
        }
        self.counting.1 += 1;
    }

    /// Counts what has not been counted yet.
    pub(in crate::backup) fn finish(&mut self) {
        let (parent, files) = std::mem::take(&mut self.counting);
        let ends = (0..parent.len()).filter(|&at| parent[at] == b'/').chain([parent.len()]);
        for (level, end) in self.levels.iter_mut().zip(ends).filter(|_| files > 0) {
            if let Some(counted) = level.get_mut(&parent[..end]) {
                *counted += files;
            }
        }
    }

    /// Those that are remembered.
    pub(in crate::backup) fn remembered(&self) -> BTreeMap<Vec<u8>, u64> {
        self.levels.iter().flatten().map(|(path, files)| (path.clone(), *files)).collect()
    }

    /// How many are not.
    pub(in crate::backup) fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Whether it was not among them. Of one that would not have been remembered nobody can tell.
    pub(in crate::backup) fn lacks(&self, path: &[u8]) -> bool {
        let depth = depth(path);
        !self.is_beyond(depth, path) && !self.has(path)
    }

    /// Whether it was among them.
    pub(in crate::backup) fn has(&self, path: &[u8]) -> bool {
        self.levels.get(depth(path)).is_some_and(|level| level.contains_key(path))
    }

    /// Every one, and the files in and below it.
    pub(in crate::backup) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.levels.iter().flat_map(|level| level.keys()).map(Vec::as_slice)
    }
}

fn depth(path: &[u8]) -> usize {
    path.iter().filter(|byte| **byte == b'/').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of<'p>(folders: impl IntoIterator<Item = &'p str>, files: &[&str]) -> NearFolders {
        let mut near = NearFolders::default();
        folders.into_iter().for_each(|folder| near.folder(folder.as_bytes()));
        files.iter().for_each(|file| near.file(file.as_bytes()));
        near.finish();
        near
    }

    fn remembered(near: &NearFolders) -> Vec<(String, u64)> {
        let shown = |(path, files)| (String::from_utf8(path).unwrap(), files);
        near.remembered().into_iter().map(shown).collect()
    }

    #[test]
    fn files_count_in_every_folder_above_them() {
        let near = of(["", "a", "a/b", "a/b/c", "d"], &["top", "a/1", "a/b/c/2", "a/b/c/3", "a/b c/4", "a/5"]);
        let expected = [("a", 5), ("a/b", 2), ("a/b/c", 2), ("d", 0)];
        assert_eq!(remembered(&near), expected.map(|(path, files)| (path.to_owned(), files)));
        assert!(near.has(b"a/b/c") && !near.lacks(b"a/b/c") && near.lacks(b"a/b/d") && near.beyond() == 0);
    }

    #[test]
    fn where_there_are_too_many_those_nearest_to_the_top_are_remembered_in_whatever_order_they_come() {
        let deep: Vec<String> = (0..5000).map(|number| format!("a/deep/{number:04}")).collect();
        let mut all: Vec<&str> = ["a", "a/deep"].into_iter().chain(deep.iter().map(String::as_str)).collect();
        all.push("z");
        for folders in [all.clone(), all.iter().rev().copied().collect()] {
            let near = of(folders, &["a/deep/0001/file", "a/deep/4999/file"]);
            assert_eq!((near.remembered().len(), near.beyond()), (FOLDERS, 5003 - FOLDERS as u64));
            assert!(near.has(b"z") && near.has(b"a/deep/4092") && !near.has(b"a/deep/4093"));
            assert!(near.lacks(b"y") && near.lacks(b"a/deep/0001x"), "these would have been remembered");
            assert!(!near.lacks(b"a/deep/4999") && !near.lacks(b"a/deep/0001/any"), "of these nobody can tell");
        }
    }

    #[test]
    fn long_paths_fill_what_is_remembered_too_and_the_shorter_one_beyond_them_does_not_come_back() {
        let long = |number: usize| format!("{number:03}{}", "x".repeat(10_000));
        let paths: Vec<String> = (0..60).map(long).collect();
        let near = of(paths.iter().map(String::as_str).chain(["9"]), &[]);
        assert!(near.remembered().len() == 52 && near.beyond() == 9 && !near.has(b"9"));
        assert!(of([paths[0].repeat(60).as_str()], &[]).remembered().is_empty());
    }
}
