//! The members of several archives become one tree: the same file in two of them is one file, and of different files under one
//! name each later one gets another name, so that none is lost.

use super::archive::{Archive, Listing};
use super::content::MemberContent;
use super::member::{Member, damaged, unsupported};
use super::names::{self, Place};
use super::naming::{Newness, newness};
use super::{Notes, ZipLimits, ZipNote};
use crate::{Content, Excludes, ItemKind, PassedOver, ReadFailure, Verdict};
use chest_model::TreePath;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;

const TOO_MUCH_IN_ALL: &str = "it and the other files would unpack to far more than the ZIP file holds. If you know what it is, keep \
                               the ZIP file as it is: --as-is";
/// What a ZIP file is told to be that lists nothing else.
pub(super) const NO_FILE: &str = "the ZIP file holds folders and no file. Download it again";
/// Links point no further than this; what is longer is none.
const LONGEST_LINK: u64 = 4095;

/// Something of a source, at its place.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) path: TreePath,
    pub(super) kind: ItemKind,
    /// Where it came from; nothing where it stands for what is missing.
    pub(super) member: Option<Member>,
}

/// Everything that a source shows but the root and folders that no archive names.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// In tree order.
    pub(super) items: Vec<Item>,
    pub(super) notes: Notes,
    pub(super) passed_over: PassedOver,
}

/// Puts the listings of the archives together.
pub(super) fn merge(
    archives: &[Archive],
    listings: Vec<Result<Listing, String>>,
    excludes: &Excludes,
    limits: &ZipLimits,
) -> Merged {
    let mut merger = Merger {
        archives,
        newness: archives.iter().map(|archive| newness(&archive.name)).collect(),
        merged: Merged::default(),
        absent: Vec::new(),
        given: HashSet::new(),
        room_for_names: ROOM_FOR_NAMES,
    };
    let members = listings.iter().flatten().map(|listing| listing.members.len()).sum();
    let mut named: Vec<(TreePath, Member)> = Vec::with_capacity(members);
    let mut has_files = false;
    for (archive, listing) in archives.iter().zip(listings) {
        let Listing { members, missing } = listing.unwrap_or_else(|message| merger.nothing_of(archive, message));
        if let Some(message) = missing {
            let what = if members.is_empty() { "all of" } else { "missing part of" };
            merger.missing(archive, what, &message);
        }
        has_files |= members.is_empty() || members.iter().any(|(_, member)| !member.is_folder);
        for (number, (name, member)) in members.into_iter().enumerate() {
            merger.place(archive, number, &name, member, &mut named);
        }
    }
    if let (false, Some(archive)) = (has_files, archives.first()) {
        merger.missing(archive, "all files of", NO_FILE);
    }
    merger.merged.passed_over = leave_out(&mut named, excludes);
    named.iter_mut().for_each(|(_, member)| refuse_bomb(member, limits));
    refuse_bombs_in_all(&mut named, archives, limits);
    // Stable: under one name, what was listed first stays first where nothing tells which is newer.
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    merger.settle(named);
    let Merger { mut merged, absent, .. } = merger;
    merged.items.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    hold_to_limits(&mut merged.items, limits);
    for (name, failure) in absent {
        stand_in(&mut merged.items, &name, failure);
    }
    merged
}

/// Adds an item that stands for what is not there: it makes the backup PARTIAL.
pub(super) fn stand_in(items: &mut Vec<Item>, name: &[u8], failure: ReadFailure) {
    let mut path = TreePath::root().child(name).unwrap_or_default();
    let place = |path: &TreePath| items.partition_point(|item| item.path < *path);
    while items.get(place(&path)).is_some_and(|item| item.path.is_within(&path)) {
        path = names::beside(&path, 2, b"all");
    }
    items.insert(place(&path), Item { path, kind: ItemKind::Unreadable(failure), member: None });
}

/// Takes away what the patterns leave out; tells what nobody asked to leave out, each name once.
fn leave_out(named: &mut Vec<(TreePath, Member)>, excludes: &Excludes) -> PassedOver {
    let mut passed = BTreeSet::new();
    named.retain(|(path, member)| {
        let verdict = judge(path, member.is_folder, excludes);
        if verdict == Verdict::PassedOver {
            passed.insert(path.clone());
        }
        verdict == Verdict::Kept
    });
    let mut passed_over = PassedOver::default();
    passed.into_iter().for_each(|path| passed_over.add(path));
    passed_over
}

/// What becomes of the item, and of the folders above it.
fn judge(path: &TreePath, is_folder: bool, excludes: &Excludes) -> Verdict {
    if excludes.is_empty() {
        return Verdict::Kept;
    }
    let bytes = path.as_bytes();
    let mut folders = (0..bytes.len()).filter(|&at| bytes[at] == b'/').map(|at| &bytes[..at]);
    match folders.any(|folder| excludes.excludes(folder, true)) {
        true => Verdict::LeftOut,
        false => excludes.judge(bytes, is_folder),
    }
}

struct Merger<'a> {
    archives: &'a [Archive],
    newness: Vec<Newness>,
    merged: Merged,
    /// Names of what is not there, and why.
    absent: Vec<(Vec<u8>, ReadFailure)>,
    /// Every path that was given to one instead.
    given: HashSet<TreePath>,
    /// How many bytes more such paths may have.
    room_for_names: usize,
}

/// Of thousands of files of one name each is kept under a name of its own, as long as these have room.
const ROOM_FOR_NAMES: usize = 16 << 20;

/// What becomes of a member whose name others have too.
enum Fate {
    /// Another is the same.
    Dropped,
    Beside(TreePath),
}

impl Merger<'_> {
    fn nothing_of(&mut self, archive: &Archive, message: String) -> Listing {
        self.missing(archive, "all of", &message);
        Listing::default()
    }

    fn missing(&mut self, archive: &Archive, what: &str, message: &str) {
        self.absent.push(([b"(", what.as_bytes(), b" ", &archive.name, b")"].concat(), damaged(message)));
    }

    fn place(
        &mut self,
        archive: &Archive,
        number: usize,
        name: &[u8],
        mut member: Member,
        named: &mut Vec<(TreePath, Member)>,
    ) {
        let Some(Place { path, escaped }) = names::place(name) else {
            let instead = format!("(a name that is too long, number {} in ", number + 1);
            let instead = [instead.as_bytes(), &archive.name, b")"].concat();
            member.is_folder = false;
            let shown: String = chest_model::shown(name).chars().take(100).collect();
            member.obstacle = Some(unsupported(&format!("its name cannot be kept: {shown}…")));
            named.extend(TreePath::root().child(&instead).ok().map(|path| (path, member)));
            return;
        };
        if escaped {
            self.merged.notes.push(|| ZipNote::Escaped { name: name.to_vec(), stored_as: path.clone() });
        }
        named.push((path, member));
    }

    /// Decides name by name what lies there; nothing is copied of those whose name is their own.
    fn settle(&mut self, named: Vec<(TreePath, Member)>) {
        let mut fates = HashMap::new();
        let mut begins = 0;
        for group in named.chunk_by(|(one, _), (next, _)| one == next) {
            let ends = begins + group.len();
            let has_inner = named.get(ends).is_some_and(|(next, _)| next.is_within(&group[0].0));
            if group.len() > 1 || has_inner {
                self.settle_name(&named, begins..ends, has_inner, &mut fates);
            }
            begins = ends;
        }
        self.merged.items.reserve_exact(named.len());
        for (at, (path, member)) in named.into_iter().enumerate() {
            match fates.remove(&at) {
                Some(Fate::Dropped) => {}
                Some(Fate::Beside(stored_as)) => self.push(stored_as, member),
                // A folder has no content that could be at fault, and other items may lie in it.
                None if member.is_folder => self.push(path, Member { obstacle: None, ..member }),
                None => self.push(path, member),
            }
        }
    }

    fn settle_name(
        &mut self,
        named: &[(TreePath, Member)],
        group: Range<usize>,
        has_inner: bool,
        fates: &mut HashMap<usize, Fate>,
    ) {
        let path = &named[group.start].0;
        let member = |at: usize| &named[at].1;
        let (folders, mut files): (Vec<usize>, Vec<usize>) = group.partition(|&at| member(at).is_folder);
        // What is newest keeps the name: by its archive's, and in one archive by its own time.
        files.sort_by_key(|&at| Reverse((self.newness[member(at).archive], member(at).modified)));
        let is_folder = has_inner || !folders.is_empty();
        fates.extend(folders.into_iter().skip(1).map(|at| (at, Fate::Dropped)));
        // Only files of one length and checksum are compared, each with the first of them.
        let mut kept: HashMap<(u64, u32), usize> = HashMap::new();
        let mut number = 1;
        for at in files {
            let file = member(at);
            if kept.get(&(file.size, file.crc)).is_some_and(|&other| self.is_same(member(other), file)) {
                fates.insert(at, Fate::Dropped);
                continue;
            }
            if number > 1 || is_folder {
                number = number.max(2);
                let stored_as = self.free_name(named, path, &mut number, file.archive);
                let Some(room) = self.room_for_names.checked_sub(stored_as.as_bytes().len()) else {
                    fates.insert(at, Fate::Dropped);
                    self.tell_that_names_have_no_room();
                    continue;
                };
                self.room_for_names = room;
                self.merged.notes.push(|| ZipNote::Beside { path: path.clone(), stored_as: stored_as.clone() });
                fates.insert(at, Fate::Beside(stored_as));
            }
            number += 1;
            kept.entry((file.size, file.crc)).or_insert(at);
        }
    }

    fn tell_that_names_have_no_room(&mut self) {
        const NAME: &[u8] = b"(further files of one name)";
        if self.absent.iter().all(|(name, _)| name != NAME) {
            let failure = unsupported("the ZIP file holds more different files of one name than can be backed up");
            self.absent.push((NAME.to_vec(), failure));
        }
    }

    fn free_name(
        &mut self,
        named: &[(TreePath, Member)],
        path: &TreePath,
        number: &mut usize,
        archive: usize,
    ) -> TreePath {
        loop {
            let name = names::beside(path, *number, &self.archives[archive].name);
            let after = named.partition_point(|(taken, _)| *taken < name);
            let is_taken = named.get(after).is_some_and(|(taken, _)| taken.is_within(&name));
            if !is_taken && self.given.insert(name.clone()) {
                return name;
            }
            *number += 1;
        }
    }

    /// Whether two members are the same file, by their bytes: a checksum of four bytes proves nothing where somebody means harm.
    fn is_same(&self, one: &Member, other: &Member) -> bool {
        one.is_link() == other.is_link() && self.have_same_bytes(one, other).unwrap_or(false)
    }

    fn have_same_bytes(&self, one: &Member, other: &Member) -> Result<bool, ReadFailure> {
        let mut one = MemberContent::open(&self.archives[one.archive].bytes, one)?;
        let mut other = MemberContent::open(&self.archives[other.archive].bytes, other)?;
        let (mut left, mut right) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        loop {
            let length = one.read(&mut left)?;
            if other.read(&mut right)? != length || left[..length] != right[..length] {
                return Ok(false);
            }
            if length == 0 {
                return Ok(true);
            }
        }
    }

    fn push(&mut self, path: TreePath, member: Member) {
        let kind = match member.is_link() && member.obstacle.is_none() {
            true => self.target(&member).map_or_else(ItemKind::Unreadable, |target| ItemKind::Symlink { target }),
            false => member.kind(),
        };
        self.merged.items.push(Item { path, kind, member: Some(member) });
    }

    fn target(&self, member: &Member) -> Result<Vec<u8>, ReadFailure> {
        let none = || damaged("it is a link that points nowhere");
        let length = usize::try_from(member.size).ok().filter(|_| (1..=LONGEST_LINK).contains(&member.size));
        let mut target = vec![0; length.ok_or_else(none)?];
        let mut content = MemberContent::open(&self.archives[member.archive].bytes, member)?;
        content.read(&mut target)?;
        if target.contains(&0) { Err(none()) } else { Ok(target) }
    }
}

/// A file that would unpack to far more than it takes in the archive is not unpacked at all, not even to be compared.
fn refuse_bomb(member: &mut Member, limits: &ZipLimits) {
    let is_bomb = member.size > limits.ratio_counts_from && member.size / member.packed.max(1) > limits.ratio;
    if is_bomb && member.obstacle.is_none() {
        let message = "it would unpack to far more than the ZIP file holds, as only a file made to do harm does";
        member.obstacle = Some(unsupported(message));
    }
}

/// Deflate ends at about a thousand times: no file alone shows that all of them together are made to fill a disk. What unpacks to no more
/// than it usually does is never refused for the others' sake.
fn refuse_bombs_in_all(named: &mut [(TreePath, Member)], archives: &[Archive], limits: &ZipLimits) {
    let is_modest = |member: &Member| member.size <= member.packed.saturating_mul(limits.ratio_in_all);
    let readable = || named.iter().map(|(_, member)| member).filter(|member| member.obstacle.is_none());
    // What a directory says of packed lengths may be made up.
    let length = archives.iter().map(|archive| archive.bytes.length()).sum();
    let packed = readable().map(|member| member.packed).fold(0, u64::saturating_add).min(length);
    let modest = readable().filter(|member| is_modest(member)).map(|member| member.size).fold(0, u64::saturating_add);
    let most = packed.saturating_mul(limits.ratio_in_all).max(limits.ratio_in_all_counts_from);
    let mut room = most.saturating_sub(modest);
    let immodest = named.iter_mut().map(|(_, member)| member);
    for member in immodest.filter(|member| member.obstacle.is_none() && !is_modest(member)) {
        match room.checked_sub(member.size) {
            Some(left) => room = left,
            None => member.obstacle = Some(unsupported(TOO_MUCH_IN_ALL)),
        }
    }
}

/// No export of an office holds so much, or so many folders.
fn hold_to_limits(items: &mut Vec<Item>, limits: &ZipLimits) {
    let (mut total, mut shown) = (0_u64, 0_usize);
    let mut last = TreePath::root();
    let mut fitting = items.len();
    for (at, item) in items.iter_mut().enumerate() {
        shown += 1 + super::walk::folders_between(&last, &item.path).count();
        if shown > limits.items {
            fitting = at;
            break;
        }
        last.clone_from(&item.path);
        let ItemKind::File { size } = item.kind else { continue };
        total = total.saturating_add(size);
        if total > limits.total_bytes {
            let failure = unsupported("the ZIP file would unpack to more than can be backed up out of one export");
            item.kind = ItemKind::Unreadable(failure);
        }
    }
    if fitting < items.len() {
        items.truncate(fitting);
        let failure = unsupported("the ZIP file holds more files and folders than can be backed up out of one export");
        stand_in(items, b"(all further files)", failure);
    }
}
