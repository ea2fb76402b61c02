//! The members of several archives become one tree: the same file in two of them is one file, and of different files under one
//! name each later one gets another name, so that none is lost.

use super::archive::{Archive, Listing};
use super::content::MemberContent;
use super::member::{Member, damaged, unsupported};
use super::names::{self, Place};
use super::naming::{Newness, newness};
use super::{ZipLimits, ZipNote};
use crate::{Content, Excludes, ItemKind, PassedOver, ReadFailure, Verdict};
use chest_model::TreePath;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};

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
    pub(super) notes: Vec<ZipNote>,
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
        taken: Vec::new(),
        given: HashSet::new(),
    };
    let mut named: Vec<(TreePath, Member)> = Vec::new();
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
        merger.missing(archive, "all files of", "the ZIP file holds folders and no file. Download it again");
    }
    merger.merged.passed_over = leave_out(&mut named, excludes);
    named.iter_mut().for_each(|(_, member)| refuse_bomb(member, limits));
    // Stable: under one name, what was listed first stays first where nothing tells which is newer.
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    merger.taken = named.iter().map(|(path, _)| path.clone()).collect();
    merger.settle(named);
    let Merger { mut merged, absent, .. } = merger;
    merged.items.sort_by(|one, other| one.path.cmp(&other.path));
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
    /// Every path that a member has of its own, in order.
    taken: Vec<TreePath>,
    /// Every path that was given to one instead.
    given: HashSet<TreePath>,
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
            self.merged.notes.push(ZipNote::Escaped { name: name.to_vec(), stored_as: path.clone() });
        }
        named.push((path, member));
    }

    /// Decides name by name what lies there.
    fn settle(&mut self, named: Vec<(TreePath, Member)>) {
        let mut rest = named.into_iter().peekable();
        while let Some((path, first)) = rest.next() {
            let mut group = vec![first];
            while let Some((_, member)) = rest.next_if(|(next, _)| *next == path) {
                group.push(member);
            }
            let has_inner = rest.peek().is_some_and(|(next, _)| next.is_within(&path));
            self.settle_name(path, group, has_inner);
        }
    }

    fn settle_name(&mut self, path: TreePath, group: Vec<Member>, has_inner: bool) {
        let (folders, mut files): (Vec<Member>, Vec<Member>) = group.into_iter().partition(|member| member.is_folder);
        // What is newest keeps the name: by its archive's, and in one archive by its own time.
        files.sort_by_key(|file| Reverse((self.newness[file.archive], file.modified)));
        let is_folder = has_inner || !folders.is_empty();
        if let Some(folder) = folders.into_iter().next() {
            // It has no content that could be at fault, and other items may lie in it.
            self.push(path.clone(), Member { obstacle: None, ..folder });
        }
        // Only files of one length and checksum are compared, each with the first of them.
        let mut kept: HashMap<(u64, u32), Member> = HashMap::new();
        let mut number = 1;
        for file in files {
            if kept.get(&(file.size, file.crc)).is_some_and(|other| self.is_same(other, &file)) {
                continue;
            }
            if number == 1 && !is_folder {
                self.push(path.clone(), file.clone());
            } else {
                number = number.max(2);
                let stored_as = self.free_name(&path, &mut number, file.archive);
                self.merged.notes.push(ZipNote::Beside { path: path.clone(), stored_as: stored_as.clone() });
                self.push(stored_as, file.clone());
            }
            number += 1;
            kept.entry((file.size, file.crc)).or_insert(file);
        }
    }

    fn free_name(&mut self, path: &TreePath, number: &mut usize, archive: usize) -> TreePath {
        loop {
            let name = names::beside(path, *number, &self.archives[archive].name);
            let after = self.taken.partition_point(|taken| *taken < name);
            let is_taken = self.taken.get(after).is_some_and(|taken| taken.is_within(&name));
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
