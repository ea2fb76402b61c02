//! The guard: holds what a run found in a root against what the last complete run held there. A folder that has been emptied, an
//! export that was cut short and files that somebody has encrypted all read without an error; a backup of them is not
//! called complete until somebody who knows says so.

use chest_model::{Amount, DoubtKind};
use chest_repo::local::BaselineRoot;
use std::collections::BTreeSet;

use super::near_folders::NearFolders;

/// A doubt names the first so many.
const NAMED: usize = 20;
/// So many scrambled files are no accident …
const MANY: u64 = 20;
/// … nor are so many, where they are a tenth of all.
const SOME: u64 = 5;

/// What a run found in one root.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    /// Files and bytes that were read or taken over.
    pub(super) held: Amount,
    /// Items that could not be read: they are there, nobody knows how long.
    pub(super) unread: u64,
    /// Whether the root is an export, which should hold all that the last one held.
    pub(super) is_export: bool,
    /// It was looked for, and is not there.
    pub(super) is_missing: bool,
    /// Its folders.
    pub(super) folders: NearFolders,
    /// Files that do not hold what their names promise.
    pub(super) scrambled: u64,
    /// Files named as extortionists name their demands: the first ones.
    pub(super) demands: Vec<Vec<u8>>,
}

impl Found {
    /// Notes a file.
    pub(super) fn file(&mut self, path: &[u8], size: u64, scrambled: bool) {
        self.held.files += 1;
        self.held.bytes += size;
        self.scrambled += u64::from(scrambled);
        let name_at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        if self.demands.len() < NAMED && super::scrambled::is_demand(&path[name_at..]) {
            self.demands.push(path.to_vec());
        }
        self.folders.file(path);
    }

    /// What does not look right, held against the last complete run.
    pub(super) fn doubts(&self, before: Option<&BaselineRoot>) -> Vec<DoubtKind> {
        if self.is_missing {
            let before = before.map(|before| before.held).filter(|held| held.files > 0);
            return before.map(|before| DoubtKind::Missing { before }).into_iter().collect();
        }
        let past = before.map(|before| [self.shrunk(before), self.folders_gone(before)]);
        let scrambled = self.scrambled_since(before.map_or(0, |before| before.scrambled));
        past.into_iter().flatten().chain([scrambled]).flatten().collect()
    }

    fn shrunk(&self, before: &BaselineRoot) -> Option<DoubtKind> {
        let BaselineRoot { held: before, .. } = *before;
        let now = self.held;
        // What could not be read is there all the same, and told by itself.
        let fewer = lost_a_fifth(before.files, now.files + self.unread);
        let smaller = self.unread == 0 && lost_a_fifth(before.bytes, now.bytes);
        (fewer || smaller).then_some(DoubtKind::Shrunk { before, now })
    }

    fn folders_gone(&self, before: &BaselineRoot) -> Option<DoubtKind> {
        if !self.is_export {
            return None;
        }
        let is_gone = |(folder, files): &(&Vec<u8>, &u64)| **files > 0 && self.folders.lacks(folder);
        let gone: BTreeSet<&[u8]> =
            before.folders.iter().filter(is_gone).map(|(folder, _)| folder.as_slice()).collect();
        // Whoever reads that a folder is gone knows what has become of those in it.
        let is_topmost = |folder: &&&[u8]| folders_above(folder).all(|above| !gone.contains(above));
        let first = gone.iter().filter(is_topmost).take(NAMED).map(|folder| folder.to_vec()).collect();
        (!gone.is_empty()).then_some(DoubtKind::FoldersGone { count: gone.len() as u64, first })
    }

    fn scrambled_since(&self, before: u64) -> Option<DoubtKind> {
        let files = self.scrambled.saturating_sub(before);
        let of = self.held.files;
        let is_mass = files >= MANY || files >= SOME && files * 10 >= of;
        let is_demanded = files > 0 && !self.demands.is_empty();
        (is_mass || is_demanded).then(|| DoubtKind::Scrambled { files, of, demands: self.demands.clone() })
    }
}

fn folders_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

fn lost_a_fifth(before: u64, now: u64) -> bool {
    u128::from(now) * 5 < u128::from(before) * 4
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::{ChunkId, Class, Timestamp};

    fn found(files: u64, bytes_each: u64) -> Found {
        let mut found = Found::default();
        found.folders.folder(b"");
        found.folders.folder(b"Minutes");
        for number in 0..files {
            found.file(format!("Minutes/{number}.docx").as_bytes(), bytes_each, false);
        }
        found.folders.finish();
        found
    }

    fn baseline(found: &Found) -> BaselineRoot {
        BaselineRoot {
            ended: Timestamp::default(),
            tree: ChunkId([0; 32]),
            held: found.held,
            folders: found.folders.remembered(),
            scrambled: found.scrambled,
            class: Some(Class::Documents),
            last_named: Timestamp::default(),
        }
    }

    #[test]
    fn a_fifth_may_go_and_no_more() {
        let before = baseline(&found(100, 10));
        assert_eq!(found(80, 10).doubts(Some(&before)), []);
        let (held, now) = (before.held, found(79, 10).held);
        assert_eq!(found(79, 10).doubts(Some(&before)), [DoubtKind::Shrunk { before: held, now }]);
        assert_eq!(found(100, 7).doubts(Some(&before)).len(), 1, "as many files, and a third of the bytes gone");
        assert_eq!(found(0, 0).doubts(Some(&before)).len(), 1);
        assert_eq!(found(0, 0).doubts(None), [], "nobody knows what there was");
        assert_eq!(found(5, 1).doubts(Some(&baseline(&found(0, 0)))), []);
    }

    #[test]
    fn what_could_not_be_read_has_not_gone() {
        let before = baseline(&found(22, 10));
        let now = Found { unread: 21, ..found(1, 10) };
        assert_eq!(now.doubts(Some(&before)), []);
    }

    #[test]
    fn an_export_without_a_folder_of_the_last_one_is_doubted_and_a_folder_is_not() {
        let mut last = found(100, 10);
        for folder in ["Burials", "Burials/Old", "Empty", "Minutes/2025", "Minutes/2025/May"] {
            last.folders.folder(folder.as_bytes());
        }
        for file in ["Burials/1950.xlsx", "Burials/Old/1850.xlsx", "Minutes/2025/May/a.docx"] {
            last.file(file.as_bytes(), 10, false);
        }
        last.folders.finish();
        let before = baseline(&last);
        assert_eq!(found(100, 10).doubts(Some(&before)), []);
        let export = Found { is_export: true, ..found(100, 10) };
        let first = vec![b"Burials".to_vec(), b"Minutes/2025".to_vec()];
        assert_eq!(export.doubts(Some(&before)), [DoubtKind::FoldersGone { count: 4, first }]);
    }

    #[test]
    fn a_root_that_is_not_there_is_missed_where_it_held_anything_and_never_called_empty() {
        let missing = Found { is_missing: true, unread: 1, ..Found::default() };
        let before = baseline(&found(3, 10));
        assert_eq!(missing.doubts(Some(&before)), [DoubtKind::Missing { before: before.held }]);
        assert_eq!(missing.doubts(Some(&baseline(&found(0, 0)))), []);
        assert_eq!(missing.doubts(None), []);
    }

    fn with_scrambled(files: u64, scrambled: u64) -> Found {
        Found { scrambled, ..found(files, 10) }
    }

    #[test]
    fn a_few_odd_files_are_no_attack_and_many_new_ones_are() {
        assert_eq!(with_scrambled(1000, 19).doubts(None), []);
        assert_eq!(with_scrambled(1000, 20).doubts(None).len(), 1);
        assert_eq!(with_scrambled(20, 4).doubts(None).len(), 0);
        assert_eq!(with_scrambled(20, 5).doubts(None).len(), 1);
        let before = baseline(&with_scrambled(1000, 30));
        assert_eq!(
            with_scrambled(1000, 45).doubts(Some(&before)),
            [],
            "thirty had been there, and somebody accepted them"
        );
    }

    #[test]
    fn one_scrambled_file_beside_a_demand_is_enough_and_a_demand_alone_is_not() {
        let mut found = with_scrambled(1000, 0);
        found.file(b"Minutes/HOW_TO_DECRYPT.txt", 10, false);
        assert_eq!(found.doubts(None), []);
        found.file(b"Minutes/a.docx", 10, true);
        let demands = vec![b"Minutes/HOW_TO_DECRYPT.txt".to_vec()];
        assert_eq!(found.doubts(None), [DoubtKind::Scrambled { files: 1, of: 1002, demands }]);
    }
}
