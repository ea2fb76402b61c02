//! The guard: holds what a run found in a root against what the last complete run held there. A folder that has been emptied, an
//! export that was cut short and files that somebody has encrypted all read without an error; a backup of them is not
//! called complete until somebody who knows says so.
//!
//! Files that somebody has encrypted are known by their names, which promise something else; or, where the names are gone too, by
//! this: about as many documents have gone as noise has come.

use chest_model::{Amount, ChunkId, Class, DoubtKind, Timestamp};
use chest_repo::local::{BaselineRoot, Noticed, OwnDoing};
use chest_source::form_of_export;
use std::collections::{BTreeMap, BTreeSet};

use super::near_folders::NearFolders;

/// A doubt names the first so many, and says how many there are.
const NAMED: usize = 20;
/// So many scrambled files are no accident …
const MANY: u64 = 20;
/// … nor are so many, where they are a tenth of all.
const SOME: u64 = 5;
/// A program's handbook may lie in a folder and its copy; demands for money lie in every folder.
const FOLDERS_OF_DEMANDS: u64 = 3;
/// More folders with demands are not told apart.
const MOST_FOLDERS_OF_DEMANDS: usize = 1000;
/// Of so many folders that could not be looked into it is known which they are.
const MOST_CLOSED: usize = 1000;
/// Where more other files lie beside each archive, it is one that somebody keeps among documents, however long it is.
const BESIDE_EACH_ARCHIVE: u64 = 20;
/// What archives are called: exports come in such files, and only ZIP files are taken apart.
const ARCHIVES: [&str; 12] =
    [".zip", ".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar"];
/// What exports of mail are called.
const MAILBOXES: [&str; 3] = [".mbox", ".pst", ".olm"];

/// What a run found in one root.
#[derive(Debug, Clone, Default)]
pub(in crate::backup) struct Found {
    /// What it is called where it lies: of a single file, the name of that.
    pub(super) name: Vec<u8>,
    /// Files and bytes that were read or taken over.
    pub(in crate::backup) held: Amount,
    /// Those of the files that are not empty.
    pub(super) filled: u64,
    /// Those that are called archives, wherever they lie in it.
    pub(super) archived: Amount,
    /// How many are called exports of mail.
    pub(super) mailboxes: u64,
    /// Items that could not be read: they are there, nobody knows how long.
    pub(in crate::backup) unread: u64,
    /// Bytes of those that are files, as they were listed.
    pub(in crate::backup) unread_bytes: u64,
    /// Those that are none: folders that could not be listed, parts of an export that are not there.
    pub(in crate::backup) closed: Vec<Vec<u8>>,
    /// How many those are.
    pub(in crate::backup) closed_count: u64,
    /// Whether the root is an export, which should hold all that the last one held.
    pub(in crate::backup) is_export: bool,
    /// It was looked for, and is not there.
    pub(in crate::backup) is_missing: bool,
    /// By the forms of their names, the ZIP files that lie in it as the files they are: they may be exports that were taken apart before.
    pub(super) archives: BTreeMap<Vec<u8>, Archives>,
    /// Its folders.
    pub(in crate::backup) folders: NearFolders,
    /// Files that do not hold what their names promise.
    pub(in crate::backup) scrambled: u64,
    /// Files that are not noise, or by their owner's doing.
    pub(in crate::backup) plain: Amount,
    /// Those that are called their owner's doing.
    pub(in crate::backup) own_doing: OwnDoing,
    /// It is what lies beside exports in the same path: there may be nothing else.
    pub(in crate::backup) is_beside: bool,
    /// How many files are named as extortionists name their demands.
    pub(in crate::backup) demand_count: u64,
    /// The first of them.
    pub(in crate::backup) demands: Vec<Vec<u8>>,
    /// The folders of all of them.
    pub(in crate::backup) demanding: BTreeSet<Vec<u8>>,
}

/// ZIP files whose names have one form.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Archives {
    held: Amount,
    filled: u64,
    /// Those that are not noise.
    plain: Amount,
}

impl Found {
    /// In a root that is called so where it lies.
    pub(in crate::backup) fn of(name: &[u8]) -> Self {
        Self { name: name.to_vec(), ..Self::default() }
    }

    /// Notes a file.
    pub(in crate::backup) fn file(&mut self, path: &[u8], size: u64, noticed: Noticed) {
        self.held.files += 1;
        self.held.bytes += size;
        let filled = u64::from(size > 0);
        self.filled += filled;
        self.scrambled += u64::from(noticed.scrambled);
        let name_at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
        let name = if path.is_empty() { &self.name[..] } else { &path[name_at..] };
        let lower = name.to_ascii_lowercase();
        let is_called = |ends: &[&str]| ends.iter().any(|end| lower.ends_with(end.as_bytes()));
        if is_called(&ARCHIVES) {
            add(&mut self.archived, size);
        }
        self.mailboxes += u64::from(is_called(&MAILBOXES));
        let is_zip = is_called(&ARCHIVES[..1]);
        // Of an empty file nothing was noticed.
        let is_plain = noticed.plain || size == 0;
        if is_plain {
            add(&mut self.plain, size);
            if super::scrambled::is_own_doing(name) {
                add(&mut self.own_doing.named, size);
            }
        }
        if noticed.own_noise {
            add(&mut self.own_doing.noise, size);
        }
        if super::demands::is_demand(name) {
            self.demand(path, &path[..name_at]);
        }
        if is_zip && name_at == 0 && !path.is_empty() {
            let of_form = self.archives.entry(form_of_export(path)).or_default();
            add(&mut of_form.held, size);
            of_form.filled += filled;
            if is_plain {
                add(&mut of_form.plain, size);
            }
        }
        self.folders.file(path);
    }

    /// It lies beside exports whose names have these forms. Of such downloads those that can be read are taken apart, so what lies here
    /// has broken off: whoever clears it away does what was to be done, and it is not to be missed.
    pub(in crate::backup) fn is_beside_exports(&mut self, forms: &BTreeSet<Vec<u8>>) {
        self.is_beside = true;
        for broken in forms.iter().filter_map(|form| self.archives.get(form)) {
            self.held = less(self.held, broken.held);
            self.filled = self.filled.saturating_sub(broken.filled);
            self.plain = less(self.plain, broken.plain);
        }
    }

    /// What is remembered of it; whose it is, and when it was so, is for the judge to add.
    pub(in crate::backup) fn as_past(&self) -> BaselineRoot {
        BaselineRoot {
            ended: Timestamp::default(),
            tree: ChunkId([0; 32]),
            held: self.held,
            folders: self.folders.remembered(),
            scrambled: self.scrambled,
            plain: Some(self.plain),
            own_doing: Some(self.own_doing),
            demands: self.demand_folders(),
            class: None,
            last_named: Timestamp::default(),
            place: None,
            form: None,
            stand_ins: Vec::new(),
            accepted: None,
            filled: Some(self.filled),
        }
    }

    /// Whether nothing, or not much, is in it but archives that are kept as the files they are, and mailboxes that are not backed up as mail:
    /// what is in those may be of any age. What lies beside exports has been told by these.
    pub(in crate::backup) fn is_mainly_exports(&self, class: Class) -> bool {
        let beside = less(self.held, self.archived);
        let exports = self.archived.files + if class == Class::Email { 0 } else { self.mailboxes };
        let of_files = exports > self.held.files.saturating_sub(exports);
        let of_bytes = self.archived.bytes > beside.bytes && beside.files <= self.archived.files * BESIDE_EACH_ARCHIVE;
        !self.is_export && !self.is_beside && (of_files || of_bytes)
    }

    /// Notes what could not be read: a file of a known size, or something else.
    pub(in crate::backup) fn unreadable(&mut self, path: &[u8], size: Option<u64>) {
        if let Some(size) = size {
            self.unread_bytes += size;
            self.folders.file(path);
            return;
        }
        self.closed_count += 1;
        if self.closed.len() < MOST_CLOSED {
            self.closed.push(path.to_vec());
        }
    }

    fn demand(&mut self, path: &[u8], folder: &[u8]) {
        self.demand_count += 1;
        if self.demands.len() < NAMED {
            self.demands.push(path.to_vec());
        }
        if self.demanding.len() < MOST_FOLDERS_OF_DEMANDS {
            self.demanding.insert(folder.to_vec());
        }
    }

    /// How many folders hold a file that is named like a demand.
    pub(in crate::backup) fn demand_folders(&self) -> u64 {
        self.demanding.len() as u64
    }

    /// What does not look right, held against the last complete run.
    pub(in crate::backup) fn doubts(&self, before: Option<&BaselineRoot>) -> Vec<DoubtKind> {
        if self.is_missing {
            let before = before.map(|before| before.held).filter(|held| held.files > 0);
            return before.map(|before| DoubtKind::Missing { before }).into_iter().collect();
        }
        let past = before.map(|before| [self.shrunk(before), self.folders_gone(before)]);
        past.into_iter().flatten().chain([self.empty(before), self.attacked(before)]).flatten().collect()
    }

    /// Whether anything was found in it that holds something, be it that nobody could read it.
    pub(in crate::backup) fn holds_anything(&self) -> bool {
        self.held.files + self.unread > 0
    }

    /// Folders and links to elsewhere are nothing that could be had back: nobody backs them up for their own sake.
    fn empty(&self, before: Option<&BaselineRoot>) -> Option<DoubtKind> {
        // What held something has shrunk; what held nothing may go on so.
        (before.is_none() && !self.holds_anything() && !self.is_beside).then_some(DoubtKind::Empty)
    }

    fn shrunk(&self, before: &BaselineRoot) -> Option<DoubtKind> {
        let now = self.held;
        let expected = before.expected();
        // What could not be read is there all the same, and told by itself.
        let unread = self.out_of_reach(before).map_or(self.unread, |out_of_reach| out_of_reach.files);
        let fewer = lost_a_fifth(expected.files, now.files + unread);
        let smaller = self.unread == 0 && lost_a_fifth(expected.bytes, now.bytes);
        // One film may be longer than all the documents whose content is gone.
        let emptied = before.filled.is_some_and(|filled| lost_a_fifth(filled, self.filled + unread));
        (fewer || smaller || emptied).then_some(DoubtKind::Shrunk { before: before.held, now })
    }

    /// How much of what there was is there and could not be read: of folders, what they held. `None` where nobody can tell, because a
    /// part of an export is not there, or because there are too many.
    pub(in crate::backup) fn out_of_reach(&self, before: &BaselineRoot) -> Option<Amount> {
        let is_known = self.closed_count == self.closed.len() as u64 && (!self.is_export || self.closed.is_empty());
        let held_in = |folder: &Vec<u8>| before.folders.get(folder).copied().unwrap_or(0);
        let held: u64 = self.closed.iter().map(held_in).sum();
        let items: u64 = self.closed.iter().map(|folder| held_in(folder).max(1)).sum();
        let mean = before.held.bytes / before.held.files.max(1);
        let files = self.unread.saturating_sub(self.closed_count) + items;
        is_known.then(|| Amount { files, bytes: self.unread_bytes.saturating_add(held.saturating_mul(mean)) })
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

    fn attacked(&self, before: Option<&BaselineRoot>) -> Option<DoubtKind> {
        let of = self.held.files;
        let scrambled = self.scrambled.saturating_sub(before.map_or(0, |before| before.scrambled));
        let had_any = before.is_some_and(|before| before.held.files > 0);
        let is_alarming = is_mass(scrambled, of) || had_any && scrambled * 2 > of;
        let is_demanded = scrambled > 0 && !self.demands.is_empty();
        let replaced = before.map(|before| self.replaced_by_noise(before)).unwrap_or_default();
        let demanding = self.demand_folders().saturating_sub(before.map_or(0, |before| before.demands));
        let is_attack = is_alarming || is_demanded || replaced > 0 || demanding >= FOLDERS_OF_DEMANDS;
        let files = scrambled.max(replaced);
        let (demand_count, demands) = (self.demand_count, self.demands.clone());
        is_attack.then_some(DoubtKind::Scrambled { files, of, demand_count, demands })
    }

    /// How many files are noise that were not, where about as many that were not are gone, or about as many bytes. Only the counts are
    /// held against each other: what encrypts files may rename them as it likes.
    fn replaced_by_noise(&self, before: &BaselineRoot) -> u64 {
        let Some(past) = before.plain else { return 0 };
        let strangers = less(less(self.held, self.plain), less(before.expected(), past));
        let by_strangers = self.replaced(past, less(past, self.plain), strangers);
        // What is called its owner's doing may be somebody else's, where it has come in the place of what was not called so.
        let Some(own) = before.own_doing else { return by_strangers };
        let documents = less(past, own.named);
        let lost = less(documents, less(self.plain, self.own_doing.named));
        let noise = more(strangers, less(self.own_doing.noise, own.noise));
        by_strangers.max(self.replaced(documents, lost, noise))
    }

    /// How many files of noise have come, where they seem to have come in the place of those that are lost.
    fn replaced(&self, past: Amount, lost: Amount, noise: Amount) -> u64 {
        let of = self.held.files;
        let by_files = about_as_many(lost.files, noise.files) && (is_mass(noise.files, of) || noise.files * 2 > of);
        // A council's mail is often one file beside small ones.
        let by_bytes = about_as_many(lost.bytes, noise.bytes) && lost.bytes > past.bytes / 2;
        if by_files || by_bytes { noise.files } else { 0 }
    }
}

fn is_mass(files: u64, of: u64) -> bool {
    files >= MANY || files >= SOME && files * 10 >= of
}

fn about_as_many(one: u64, other: u64) -> bool {
    one > 0 && other > 0 && one / 2 <= other && other / 2 <= one
}

fn add(to: &mut Amount, size: u64) {
    to.files += 1;
    to.bytes += size;
}

pub(super) fn more(one: Amount, other: Amount) -> Amount {
    Amount { files: one.files + other.files, bytes: one.bytes + other.bytes }
}

pub(super) fn less(from: Amount, taken: Amount) -> Amount {
    Amount { files: from.files.saturating_sub(taken.files), bytes: from.bytes.saturating_sub(taken.bytes) }
}

fn folders_above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}

fn lost_a_fifth(before: u64, now: u64) -> bool {
    u128::from(now) * 5 < u128::from(before) * 4
}

#[cfg(test)]
mod tests {
    use super::super::samples::{NOISE, OWN_NOISE, PLAIN, SCRAMBLED};
    use super::*;

    fn found(files: u64, bytes_each: u64) -> Found {
        let mut found = Found::default();
        found.folders.folder(b"");
        found.folders.folder(b"Minutes");
        for number in 0..files {
            found.file(format!("Minutes/{number}.docx").as_bytes(), bytes_each, PLAIN);
        }
        found.folders.finish();
        found
    }

    #[test]
    fn a_fifth_may_go_and_no_more() {
        let before = found(100, 10).as_past();
        assert_eq!(found(80, 10).doubts(Some(&before)), []);
        let (held, now) = (before.held, found(79, 10).held);
        assert_eq!(found(79, 10).doubts(Some(&before)), [DoubtKind::Shrunk { before: held, now }]);
        assert_eq!(found(100, 7).doubts(Some(&before)).len(), 1, "as many files, and a third of the bytes gone");
        assert_eq!(found(0, 0).doubts(Some(&before)).len(), 1);
        assert_eq!(found(5, 1).doubts(Some(&found(0, 0).as_past())), []);
    }

    #[test]
    fn of_the_files_that_held_something_a_fifth_may_be_emptied_and_no_more_however_long_another_is() {
        let with_film = |filled: u64, empty: u64| {
            let mut found = found(filled, 10);
            (0..empty).for_each(|number| found.file(format!("Minutes/empty {number}.docx").as_bytes(), 0, PLAIN));
            found.file(b"film.mp4", 1_000_000, PLAIN);
            found
        };
        let before = with_film(99, 0).as_past();
        let now = with_film(0, 99);
        assert_eq!(now.doubts(Some(&before)), [DoubtKind::Shrunk { before: before.held, now: now.held }]);
        assert_eq!(with_film(79, 20).doubts(Some(&before)), []);
        assert_eq!(with_film(78, 21).doubts(Some(&before)).len(), 1);
        // Those that were empty before, and those that come empty, say nothing.
        let before = with_film(99, 400).as_past();
        assert_eq!(with_film(99, 500).doubts(Some(&before)), []);
        assert_eq!(with_film(0, 499).doubts(Some(&before)).len(), 1);
        let earlier = BaselineRoot { filled: None, ..before };
        assert_eq!(with_film(0, 499).doubts(Some(&earlier)), [], "an earlier version did not count them");
    }

    #[test]
    fn what_could_not_be_read_has_not_been_emptied_nor_has_what_broke_off_beside_exports() {
        let mut now = Found { unread: 50, ..found(45, 10) };
        (0..50).for_each(|number| now.unreadable(format!("Minutes/locked {number}.docx").as_bytes(), Some(10)));
        assert_eq!(now.doubts(Some(&found(100, 10).as_past())).len(), 0, "five are gone");
        let mut beside = found(1, 10);
        (0..9).for_each(|number| beside.file(format!("OneDrive_{number}.zip").as_bytes(), 10, PLAIN));
        beside.is_beside_exports(&BTreeSet::from([form_of_export(b"OneDrive_1.zip")]));
        assert_eq!(beside.as_past().filled, Some(1));
        assert_eq!(found(1, 10).doubts(Some(&beside.as_past())), []);
    }

    #[test]
    fn a_root_is_mainly_exports_by_their_number_or_by_their_bytes_among_a_few_others() {
        let with = |zips: (u64, u64), others: (u64, u64)| {
            let mut found = found(others.0, others.1);
            (0..zips.0).for_each(|number| found.file(format!("W{number}/Export.ZIP").as_bytes(), zips.1, PLAIN));
            found
        };
        for (zips, others, expected) in [
            ((2, 100), (0, 0), true),
            ((3, 1), (2, 1000), true),
            ((1, 100), (1, 100), false),
            ((1, 100), (6, 1), true),
            ((1, 100), (20, 4), true),
            ((1, 100), (20, 5), false),
            ((1, 1_000_000), (21, 1), false),
            ((3, 1_000_000), (60, 1), true),
            ((0, 0), (0, 0), false),
            ((0, 0), (5, 5), false),
        ] {
            let found = with(zips, others);
            assert_eq!(found.is_mainly_exports(Class::Documents), expected, "{zips:?} {others:?}");
            assert!(
                !Found { is_beside: true, ..found.clone() }.is_mainly_exports(Class::Documents),
                "the exports have told it"
            );
            assert!(!Found { is_export: true, ..found }.is_mainly_exports(Class::Documents), "it was taken apart");
        }
        // A single file bears its name where it lies.
        for (name, expected) in [
            (&b"Export.zip"[..], true),
            (b"takeout-20230101T000000Z-001.tgz", true),
            (b"takeout.tar.GZ", true),
            (b"old.7z", true),
            (b"Old.mbox", true),
            (b"archive.PST", true),
            (b"minutes.docx", false),
            (b"minutes.gz", false),
        ] {
            let mut single = Found::of(name);
            single.file(b"", 100, PLAIN);
            assert_eq!(single.is_mainly_exports(Class::Documents), expected);
            assert!(single.archives.is_empty(), "it may be what it was");
        }
        // However long, a mailbox among documents is one of them.
        for (documents, expected) in [(1, false), (0, true)] {
            let mut mixed = found(documents, 10);
            mixed.file(b"Outlook Files/archive.pst", 1_000_000, PLAIN);
            assert_eq!(mixed.is_mainly_exports(Class::Documents), expected);
            assert!(!mixed.is_mainly_exports(Class::Email), "the newest message says how old it is");
        }
    }

    #[test]
    fn what_holds_no_file_is_doubted_unless_it_held_none_before_or_something_could_not_be_read() {
        assert_eq!(found(0, 0).doubts(None), [DoubtKind::Empty], "folders are no files");
        assert_eq!(found(1, 0).doubts(None), [], "a file without content is one");
        assert_eq!(found(0, 0).doubts(Some(&found(0, 0).as_past())), []);
        let before = found(1, 10).as_past();
        let shrunk = DoubtKind::Shrunk { before: before.held, now: Amount::default() };
        assert_eq!(found(0, 0).doubts(Some(&before)), [shrunk]);
        assert_eq!(Found { unread: 1, ..found(0, 0) }.doubts(None), []);
        assert_eq!(Found { is_beside: true, ..found(0, 0) }.doubts(None), []);
    }

    #[test]
    fn what_could_not_be_read_has_not_gone() {
        let before = found(22, 10).as_past();
        let now = Found { unread: 21, ..found(1, 10) };
        assert_eq!(now.doubts(Some(&before)), []);
    }

    #[test]
    fn a_folder_that_cannot_be_looked_into_counts_as_what_it_held() {
        let mut last = found(10, 10);
        last.folders.folder(b"Closed");
        (0..90).for_each(|number| last.file(format!("Closed/{number}").as_bytes(), 30, PLAIN));
        last.folders.finish();
        let before = last.as_past();
        let with_closed = |read: u64, path: &[u8]| {
            let mut now = Found { unread: 2, ..found(read, 10) };
            now.unreadable(path, None);
            now.unreadable(b"locked.docx", Some(7));
            now
        };
        let now = with_closed(10, b"Closed");
        assert_eq!(now.doubts(Some(&before)), []);
        assert_eq!(now.out_of_reach(&before), Some(Amount { files: 91, bytes: 7 + 90 * 28 }));
        assert_eq!(with_closed(10, b"New").doubts(Some(&before)).len(), 1, "of another nobody has said anything");
        let mut export = Found { is_export: true, ..with_closed(10, b"Closed") };
        assert_eq!(export.out_of_reach(&before), None, "it may be a part, and hold anything");
        export.is_export = false;
        (0..MOST_CLOSED).for_each(|_| export.unreadable(b"x", None));
        assert_eq!(export.out_of_reach(&before), None, "too many to tell them apart");
    }

    #[test]
    fn an_export_without_a_folder_of_the_last_one_is_doubted_and_a_folder_is_not() {
        let mut last = found(100, 10);
        for folder in ["Burials", "Burials/Old", "Empty", "Minutes/2025", "Minutes/2025/May"] {
            last.folders.folder(folder.as_bytes());
        }
        for file in ["Burials/1950.xlsx", "Burials/Old/1850.xlsx", "Minutes/2025/May/a.docx"] {
            last.file(file.as_bytes(), 10, PLAIN);
        }
        last.folders.finish();
        let before = last.as_past();
        assert_eq!(found(100, 10).doubts(Some(&before)), []);
        let export = Found { is_export: true, ..found(100, 10) };
        let first = vec![b"Burials".to_vec(), b"Minutes/2025".to_vec()];
        assert_eq!(export.doubts(Some(&before)), [DoubtKind::FoldersGone { count: 4, first }]);
    }

    #[test]
    fn a_root_that_is_not_there_is_missed_where_it_held_anything_and_never_called_empty() {
        let missing = Found { is_missing: true, unread: 1, ..Found::default() };
        let before = found(3, 10).as_past();
        assert_eq!(missing.doubts(Some(&before)), [DoubtKind::Missing { before: before.held }]);
        assert_eq!(missing.doubts(Some(&found(0, 0).as_past())), []);
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
        let before = with_scrambled(1000, 30).as_past();
        assert_eq!(
            with_scrambled(1000, 45).doubts(Some(&before)),
            [],
            "thirty had been there, and somebody accepted them"
        );
    }

    #[test]
    fn one_scrambled_file_beside_a_demand_is_enough_and_a_demand_alone_is_not() {
        let mut found = with_scrambled(1000, 0);
        found.file(b"Minutes/HOW_TO_DECRYPT.txt", 10, PLAIN);
        assert_eq!(found.doubts(None), []);
        found.file(b"Minutes/a.docx", 10, SCRAMBLED);
        let demands = vec![b"Minutes/HOW_TO_DECRYPT.txt".to_vec()];
        assert_eq!(found.doubts(None), [DoubtKind::Scrambled { files: 1, of: 1002, demand_count: 1, demands }]);
    }

    #[test]
    fn all_demands_are_counted_and_the_first_are_named() {
        let mut found = with_scrambled(1000, 0);
        (0..171).for_each(|folder| found.file(format!("{folder:03}/HOW_TO_DECRYPT.txt").as_bytes(), 10, PLAIN));
        let doubts = found.doubts(None);
        let [DoubtKind::Scrambled { files: 0, demand_count: 171, demands, .. }] = &doubts[..] else {
            panic!("{doubts:?}")
        };
        assert_eq!((demands.len(), &demands[19][..]), (NAMED, &b"019/HOW_TO_DECRYPT.txt"[..]));
    }

    /// Plain files, files of noise whose names promise nothing, and the bytes of each.
    fn mixed(plain: (u64, u64), noise: (u64, u64)) -> Found {
        let mut found = found(plain.0, plain.1);
        (0..noise.0).for_each(|number| found.file(format!("x{number}").as_bytes(), noise.1, NOISE));
        found
    }

    fn alarm(files: u64, of: u64) -> Vec<DoubtKind> {
        vec![DoubtKind::Scrambled { files, of, demand_count: 0, demands: Vec::new() }]
    }

    #[test]
    fn as_much_new_noise_as_documents_have_gone_is_an_attack_whatever_the_names() {
        let before = found(300, 100).as_past();
        assert_eq!(mixed((0, 0), (300, 100)).doubts(Some(&before)), alarm(300, 300));
        assert_eq!(mixed((280, 100), (20, 100)).doubts(Some(&before)), alarm(20, 300));
        assert_eq!(mixed((281, 100), (19, 100)).doubts(Some(&before)), []);
        // Files of noise that were there all along are no new ones.
        let before = mixed((300, 100), (50, 100)).as_past();
        assert_eq!(mixed((200, 100), (150, 100)).doubts(Some(&before)), alarm(100, 350));
    }

    #[test]
    fn noise_alone_is_no_attack_and_neither_are_documents_that_go() {
        assert_eq!(mixed((10, 100), (300, 100)).doubts(None), [], "there is no past");
        let before = found(300, 100).as_past();
        assert_eq!(mixed((300, 100), (300, 100)).doubts(Some(&before)), [], "nothing has gone");
        assert_eq!(mixed((260, 100), (5, 100)).doubts(Some(&before)), [], "much more has gone than has come");
        let noise = mixed((50, 100), (300, 100)).as_past();
        assert_eq!(mixed((50, 100), (300, 100)).doubts(Some(&noise)), [], "it was there");
        let uncounted = BaselineRoot { plain: None, ..before };
        assert_eq!(mixed((0, 0), (300, 100)).doubts(Some(&uncounted)), [], "an earlier version did not count it");
    }

    /// Documents, and files that are noise and called their owner's doing.
    fn with_own(documents: u64, own: u64) -> Found {
        let mut found = found(documents, 100);
        (0..own).for_each(|number| found.file(format!("Minutes/{number}.docx.enc").as_bytes(), 100, OWN_NOISE));
        found
    }

    #[test]
    fn what_is_called_its_owners_doing_is_an_attack_where_it_has_come_in_the_place_of_documents() {
        let before = found(100, 100).as_past();
        assert_eq!(with_own(0, 100).doubts(Some(&before)), alarm(100, 100));
        assert_eq!(with_own(80, 20).doubts(Some(&before)), alarm(20, 100));
        assert_eq!(with_own(0, 100).doubts(None), [], "there is no past");
        assert_eq!(with_own(100, 100).doubts(Some(&before)), [], "it was added");
        let archive = with_own(100, 300).as_past();
        assert_eq!(with_own(100, 300).doubts(Some(&archive)), [], "it was there");
        assert_eq!(with_own(0, 400).doubts(Some(&archive)), alarm(100, 400), "and more has come");
        // Some under such names and some under others are one attack.
        let mut both = with_own(70, 15);
        (0..15).for_each(|number| both.file(format!("x{number}").as_bytes(), 100, NOISE));
        assert_eq!(both.doubts(Some(&before)), alarm(30, 100));
        // And what was its owner's doing is no longer, where another has encrypted it once more.
        let mut again = found(100, 100);
        (0..300).for_each(|number| again.file(format!("x{number}").as_bytes(), 100, NOISE));
        assert_eq!(again.doubts(Some(&archive)), alarm(300, 400));
    }

    #[test]
    fn what_people_compress_is_no_noise_and_what_an_earlier_version_saw_says_nothing() {
        let before = found(100, 100).as_past();
        let mut compressed = found(0, 0);
        (0..100).for_each(|number| compressed.file(format!("{number}.docx.gz").as_bytes(), 70, PLAIN));
        assert!(!compressed.doubts(Some(&before)).iter().any(|doubt| matches!(doubt, DoubtKind::Scrambled { .. })));
        // Its cache did not say that they are noise; they are read again, and are.
        let mut seen_earlier = found(100, 100);
        (0..300).for_each(|number| seen_earlier.file(format!("Minutes/{number}.docx.enc").as_bytes(), 100, PLAIN));
        assert_eq!(with_own(100, 300).doubts(Some(&seen_earlier.as_past())), []);
        let uncounted = BaselineRoot { own_doing: None, ..seen_earlier.as_past() };
        assert_eq!(with_own(100, 300).doubts(Some(&uncounted)), []);
    }

    #[test]
    fn of_one_to_four_files_the_greater_part_is_enough_by_number_or_by_bytes() {
        let mail = found(1, 1_000_000).as_past();
        assert_eq!(mixed((0, 0), (1, 990_000)).doubts(Some(&mail)), alarm(1, 1));
        let mut scrambled = found(0, 0);
        scrambled.file(b"in.mbox.locked", 990_000, SCRAMBLED);
        assert_eq!(scrambled.doubts(Some(&mail)), alarm(1, 1));
        assert_eq!(scrambled.doubts(None), [], "nobody knows that it ever was another");
        let earlier = BaselineRoot { plain: None, ..mail };
        assert_eq!(scrambled.doubts(Some(&earlier)), alarm(1, 1), "a past that an earlier version has written");
        let four = found(4, 1000).as_past();
        assert_eq!(mixed((1, 1000), (3, 1000)).doubts(Some(&four)), alarm(3, 4));
        assert_eq!(mixed((2, 1000), (2, 1000)).doubts(Some(&four)), []);
        // One large one among small ones, and two notes that ask for money beside it.
        let mut last = found(30, 100);
        last.file(b"in.mbox", 1_000_000, PLAIN);
        assert_eq!(mixed((32, 100), (1, 1_000_000)).doubts(Some(&last.as_past())), alarm(1, 33));
    }

    #[test]
    fn demands_in_several_folders_are_an_attack_by_themselves_until_they_were_accepted() {
        let mut now = found(1000, 10);
        for folder in ["a", "b"] {
            now.file(format!("{folder}/HOW_TO_DECRYPT.txt").as_bytes(), 10, PLAIN);
            now.file(format!("{folder}/HOW_TO_DECRYPT.hta").as_bytes(), 10, PLAIN);
        }
        assert_eq!(now.doubts(None), []);
        now.file(b"c/HOW_TO_DECRYPT.txt", 10, PLAIN);
        let doubts = now.doubts(Some(&found(1000, 10).as_past()));
        assert!(
            matches!(&doubts[..], [DoubtKind::Scrambled { files: 0, of: 1005, demand_count: 5, demands }] if demands.len() == 5),
            "{doubts:?}"
        );
        assert_eq!(now.doubts(Some(&now.as_past())), []);
    }
}
