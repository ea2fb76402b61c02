//! One entry of a tree as CBOR.

use crate::cbor::{CborReader, CborWriter, required};
use crate::error::ObjectError;
use crate::header::{array, le32};
use crate::record::{reason_from_number, reason_number};
use chest_model::{ChunkId, ChunkList, Entry, EntryKind, Glance, Hole, Metadata, Timestamp, TreePath};

const FILE: u8 = 0;
const DIRECTORY: u8 = 1;
const SYMLINK: u8 = 2;
const FIFO: u8 = 3;
const SOCKET: u8 = 4;
const CHARACTER_DEVICE: u8 = 5;
const BLOCK_DEVICE: u8 = 6;
const UNREADABLE: u8 = 7;
/// The group of a symbolic link with several names: a key that earlier readers pass over.
const LINK_GROUP_OF_SYMLINK: u8 = 100;
/// What a file's first bytes looked like: likewise.
const GLANCE: u8 = 101;
const NOT_MAIL: u64 = 0;
const MAIL: u64 = 1;
/// Chunk id ‖ le32 plain length
pub(super) const REF_LEN: usize = 36;

/// Encodes an entry; equal entries give equal bytes.
pub fn encode_entry(entry: &Entry) -> Vec<u8> {
    let Entry { path, kind, metadata, large_xattrs } = entry;
    let mut out = CborWriter::new();
    let optional = [metadata.mode.is_some(), !metadata.xattrs.is_empty(), !large_xattrs.is_empty()]
        .iter()
        .filter(|&&there| there)
        .count();
    out.map(5 + optional + kind_fields(kind));
    out.uint(0u8).bytes(path.as_bytes());
    out.uint(1u8).uint(kind_number(kind));
    if let Some(mode) = metadata.mode {
        out.uint(2u8).uint(mode);
    }
    out.uint(3u8).uint(metadata.uid);
    out.uint(4u8).uint(metadata.gid);
    out.uint(5u8).time(metadata.modified);
    write_kind(kind, &mut out);
    if !metadata.xattrs.is_empty() {
        out.uint(14u8).array(metadata.xattrs.len());
        for (name, value) in &metadata.xattrs {
            out.array(2).bytes(name).bytes(value);
        }
    }
    if !large_xattrs.is_empty() {
        out.uint(15u8).array(large_xattrs.len());
        for (name, list) in large_xattrs {
            out.array(2).bytes(name);
            write_list(list, &mut out);
        }
    }
    if let EntryKind::Symlink { link_group: Some(group), .. } = kind {
        out.uint(LINK_GROUP_OF_SYMLINK).bytes(group);
    }
    if let EntryKind::File { glance: Some(glance), .. } = kind {
        out.uint(GLANCE).uint(match glance {
            Glance::NotMail => NOT_MAIL,
            Glance::Mail => MAIL,
        });
    }
    out.finish()
}

fn kind_number(kind: &EntryKind) -> u8 {
    match kind {
        EntryKind::File { .. } => FILE,
        EntryKind::Directory => DIRECTORY,
        EntryKind::Symlink { .. } => SYMLINK,
        EntryKind::Fifo => FIFO,
        EntryKind::Socket => SOCKET,
        EntryKind::CharacterDevice { .. } => CHARACTER_DEVICE,
        EntryKind::BlockDevice { .. } => BLOCK_DEVICE,
        EntryKind::Unreadable { .. } => UNREADABLE,
    }
}

fn kind_fields(kind: &EntryKind) -> usize {
    match kind {
        EntryKind::File { holes, link_group, glance, .. } => {
            2 + [!holes.is_empty(), link_group.is_some(), glance.is_some()].map(usize::from).iter().sum::<usize>()
        }
        EntryKind::Unreadable { .. } => 2,
        EntryKind::Symlink { link_group, .. } => 1 + usize::from(link_group.is_some()),
        EntryKind::CharacterDevice { .. } | EntryKind::BlockDevice { .. } => 1,
        EntryKind::Directory | EntryKind::Fifo | EntryKind::Socket => 0,
    }
}

fn write_kind(kind: &EntryKind, out: &mut CborWriter) {
    match kind {
        EntryKind::File { size, chunks, holes, link_group, .. } => {
            out.uint(6u8).uint(*size).uint(7u8);
            write_list(chunks, out);
            if !holes.is_empty() {
                out.uint(8u8).array(holes.len());
                for Hole { offset, length } in holes {
                    out.array(2).uint(*offset).uint(*length);
                }
            }
            if let Some(group) = link_group {
                out.uint(9u8).bytes(group);
            }
        }
        EntryKind::Symlink { target, .. } => {
            out.uint(10u8).bytes(target);
        }
        EntryKind::CharacterDevice { device } | EntryKind::BlockDevice { device } => {
            out.uint(11u8).uint(*device);
        }
        EntryKind::Unreadable { reason, message } => {
            out.uint(12u8).uint(reason_number(*reason)).uint(13u8).text(message);
        }
        EntryKind::Directory | EntryKind::Fifo | EntryKind::Socket => {}
    }
}

fn write_list(list: &ChunkList, out: &mut CborWriter) {
    out.array(2).uint(list.depth).bytes(&encode_refs(&list.chunks));
}

pub(super) fn encode_refs(refs: &[(ChunkId, u32)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(refs.len() * REF_LEN);
    for (id, length) in refs {
        out.extend_from_slice(&id.0);
        out.extend_from_slice(&length.to_le_bytes());
    }
    out
}

pub(super) fn decode_refs(bytes: &[u8]) -> Result<Vec<(ChunkId, u32)>, ObjectError> {
    let (rows, rest) = bytes.as_chunks::<REF_LEN>();
    if !rest.is_empty() {
        return Err(ObjectError::Malformed("not a whole number of chunk references"));
    }
    Ok(rows.iter().map(|row| (ChunkId(array(&row[..32])), le32(&row[32..]))).collect())
}

/// Reads one entry that fills `bytes`.
pub fn decode_entry(bytes: &[u8]) -> Result<Entry, ObjectError> {
    let mut reader = CborReader::new(bytes);
    let entry = read_entry(&mut reader)?;
    reader.end()?;
    Ok(entry)
}

#[derive(Default)]
struct Fields {
    path: Option<TreePath>,
    kind: Option<u8>,
    mode: Option<u32>,
    uid: Option<u32>,
    gid: Option<u32>,
    modified: Option<Timestamp>,
    size: Option<u64>,
    chunks: Option<ChunkList>,
    holes: Vec<Hole>,
    link_group_of_file: Option<[u8; 32]>,
    link_group_of_symlink: Option<[u8; 32]>,
    glance: Option<Glance>,
    target: Option<Vec<u8>>,
    device: Option<u64>,
    reason: Option<u64>,
    message: Option<String>,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    large_xattrs: Vec<(Vec<u8>, ChunkList)>,
}

/// The path of an entry, whatever else it holds.
pub(super) fn read_entry_path(reader: &mut CborReader<'_>) -> Result<TreePath, ObjectError> {
    let mut path = None;
    reader.map(|key, value| {
        match key {
            0 => path = Some(read_path(value)?),
            _ => value.skip()?,
        }
        Ok(true)
    })?;
    required(path)
}

pub(super) fn read_entry(reader: &mut CborReader<'_>) -> Result<Entry, ObjectError> {
    let mut fields = Fields::default();
    reader.map(|key, value| {
        match key {
            0 => fields.path = Some(read_path(value)?),
            1 => fields.kind = Some(value.small()?),
            2 => fields.mode = Some(value.small()?),
            3 => fields.uid = Some(value.small()?),
            4 => fields.gid = Some(value.small()?),
            5 => fields.modified = Some(value.time()?),
            6 => fields.size = Some(value.uint()?),
            7 => fields.chunks = Some(read_chunk_list(value)?),
            8 => fields.holes = value.list(read_hole)?,
            9 => fields.link_group_of_file = Some(value.fixed()?),
            10 => fields.target = Some(value.bytes()?.to_vec()),
            11 => fields.device = Some(value.uint()?),
            12 => fields.reason = Some(value.uint()?),
            13 => fields.message = Some(value.text()?),
            14 => fields.xattrs = value.list(read_xattr)?,
            15 => fields.large_xattrs = value.list(read_large_xattr)?,
            // Keys ascend, so the kind has been read.
            key if key == u64::from(LINK_GROUP_OF_SYMLINK) && fields.kind == Some(SYMLINK) => {
                fields.link_group_of_symlink = Some(value.fixed()?);
            }
            key if key == u64::from(GLANCE) && fields.kind == Some(FILE) => {
                fields.glance = glance_of_number(value.uint()?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    fields.into_entry()
}

impl Fields {
    fn into_entry(mut self) -> Result<Entry, ObjectError> {
        let kind = match required(self.kind)? {
            FILE => self.take_file()?,
            DIRECTORY => EntryKind::Directory,
            SYMLINK => self.take_symlink()?,
            FIFO => EntryKind::Fifo,
            SOCKET => EntryKind::Socket,
            CHARACTER_DEVICE => EntryKind::CharacterDevice { device: required(self.device)? },
            BLOCK_DEVICE => EntryKind::BlockDevice { device: required(self.device)? },
            UNREADABLE => EntryKind::Unreadable {
                reason: reason_from_number(required(self.reason)?)?,
                message: required(self.message)?,
            },
            _ => return Err(ObjectError::Malformed("an unknown kind of entry")),
        };
        if self.mode.is_some_and(|mode| mode > 0o7777) {
            return Err(ObjectError::Malformed("permission bits beyond twelve"));
        }
        let metadata = Metadata {
            mode: self.mode,
            uid: required(self.uid)?,
            gid: required(self.gid)?,
            modified: required(self.modified)?,
            xattrs: self.xattrs,
        };
        Ok(Entry { path: required(self.path)?, kind, metadata, large_xattrs: self.large_xattrs })
    }

    fn take_symlink(&mut self) -> Result<EntryKind, ObjectError> {
        Ok(EntryKind::Symlink { target: required(self.target.take())?, link_group: self.link_group_of_symlink })
    }

    fn take_file(&mut self) -> Result<EntryKind, ObjectError> {
        let size = required(self.size)?;
        let chunks = required(self.chunks.take())?;
        let holes = std::mem::take(&mut self.holes);
        let mut end = 0u64;
        let mut hollow = 0u64;
        for hole in &holes {
            let next = hole.offset.checked_add(hole.length);
            match next {
                Some(next) if hole.length > 0 && next <= size && (hole.offset > end || end == 0) => end = next,
                _ => return Err(ObjectError::Malformed("holes out of order or outside the file")),
            }
            hollow += hole.length;
        }
        let data: u64 = chunks.chunks.iter().map(|(_, length)| u64::from(*length)).sum();
        if chunks.depth == 0 && data.checked_add(hollow) != Some(size) {
            return Err(ObjectError::Malformed("a file's chunks and holes do not make its size"));
        }
        Ok(EntryKind::File { size, chunks, holes, link_group: self.link_group_of_file, glance: self.glance })
    }
}

/// What a later program may note besides says nothing to this one.
fn glance_of_number(number: u64) -> Option<Glance> {
    match number {
        NOT_MAIL => Some(Glance::NotMail),
        MAIL => Some(Glance::Mail),
        _ => None,
    }
}

pub(super) fn read_path(reader: &mut CborReader<'_>) -> Result<TreePath, ObjectError> {
    TreePath::from_bytes(reader.bytes()?.to_vec()).map_err(|_| ObjectError::Malformed("a name that no file can have"))
}

fn read_chunk_list(reader: &mut CborReader<'_>) -> Result<ChunkList, ObjectError> {
    reader.array_of(2)?;
    let depth: u8 = reader.small()?;
    if depth > super::list::MAX_DEPTH {
        return Err(ObjectError::Malformed("chunk lists nested too deep"));
    }
    Ok(ChunkList { depth, chunks: decode_refs(reader.bytes()?)? })
}

fn read_hole(reader: &mut CborReader<'_>) -> Result<Hole, ObjectError> {
    reader.array_of(2)?;
    Ok(Hole { offset: reader.uint()?, length: reader.uint()? })
}

fn read_xattr(reader: &mut CborReader<'_>) -> Result<(Vec<u8>, Vec<u8>), ObjectError> {
    reader.array_of(2)?;
    Ok((reader.bytes()?.to_vec(), reader.bytes()?.to_vec()))
}

fn read_large_xattr(reader: &mut CborReader<'_>) -> Result<(Vec<u8>, ChunkList), ObjectError> {
    reader.array_of(2)?;
    Ok((reader.bytes()?.to_vec(), read_chunk_list(reader)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::UnreadableReason;
    use proptest::prelude::*;

    fn entry(kind: EntryKind) -> Entry {
        let metadata = Metadata {
            mode: Some(0o644),
            uid: 1000,
            gid: 100,
            modified: Timestamp::new(-5, 999_999_999),
            xattrs: vec![(b"user.a".to_vec(), vec![0, 255])],
        };
        let large = ChunkList { depth: 0, chunks: vec![(ChunkId([1; 32]), 70_000)] };
        let path = TreePath::from_bytes(b"a/\xff name\n".to_vec()).unwrap();
        Entry { path, kind, metadata, large_xattrs: vec![(b"user.b".to_vec(), large)] }
    }

    fn empty_file(glance: Option<Glance>) -> EntryKind {
        EntryKind::File { size: 0, chunks: ChunkList::default(), holes: vec![], link_group: None, glance }
    }

    #[test]
    fn every_kind_of_entry_comes_back() {
        let chunks = ChunkList { depth: 0, chunks: vec![(ChunkId([1; 32]), 6), (ChunkId([2; 32]), 4)] };
        let holes = vec![Hole { offset: 0, length: 5 }, Hole { offset: 10, length: 1 }];
        for kind in [
            EntryKind::File { size: 16, chunks, holes, link_group: Some([9; 32]), glance: Some(Glance::Mail) },
            empty_file(Some(Glance::NotMail)),
            empty_file(None),
            EntryKind::Directory,
            EntryKind::Symlink { target: b"../x".to_vec(), link_group: None },
            EntryKind::Symlink { target: b"../x".to_vec(), link_group: Some([8; 32]) },
            EntryKind::Fifo,
            EntryKind::Socket,
            EntryKind::CharacterDevice { device: 259 },
            EntryKind::BlockDevice { device: u64::MAX },
            EntryKind::Unreadable { reason: UnreadableReason::CloudOnly, message: "no".into() },
        ] {
            let entry = entry(kind);
            assert_eq!(decode_entry(&encode_entry(&entry)), Ok(entry));
        }
    }

    #[test]
    fn the_group_of_a_symbolic_link_is_all_that_earlier_readers_pass_over() {
        let link = |link_group| encode_entry(&entry(EntryKind::Symlink { target: b"../x".to_vec(), link_group }));
        let (alone, grouped) = (link(None), link(Some([8; 32])));
        let added = [&[0x18, 100, 0x58, 32][..], &[8; 32]].concat();
        assert_eq!(grouped[0], alone[0] + 1);
        assert_eq!(grouped[1..], [&alone[1..], &added].concat());
    }

    #[test]
    fn what_was_glanced_at_is_all_that_earlier_readers_pass_over() {
        let file = |glance| encode_entry(&entry(empty_file(glance)));
        let (without, with) = (file(None), file(Some(Glance::Mail)));
        assert_eq!(with[0], without[0] + 1);
        assert_eq!(with[1..], [&without[1..], &[0x18, 101, 1]].concat());
    }

    #[test]
    fn what_a_later_program_sees_at_a_glance_says_nothing_here() {
        let mut later = encode_entry(&entry(empty_file(Some(Glance::Mail))));
        *later.last_mut().unwrap() = 7;
        assert_eq!(decode_entry(&later), Ok(entry(empty_file(None))));
    }

    #[test]
    fn a_size_that_the_chunks_do_not_make_is_refused() {
        let chunks = ChunkList { depth: 0, chunks: vec![(ChunkId([1; 32]), 6)] };
        let lying = EntryKind::File { size: 1 << 60, chunks, holes: vec![], link_group: None, glance: None };
        assert!(decode_entry(&encode_entry(&entry(lying))).is_err());
    }

    proptest! {
        #[test]
        fn rubbish_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_entry(&bytes);
        }
    }
}
