//! The body of a run's record, sealed to the reader: where the trees begin, and everything about the run that is nobody
//! else's business.

mod doubt;

use crate::cbor::{CborReader, CborWriter, required};
use crate::chunk::ChunkerParameters;
use crate::compress::Compression;
use crate::error::ObjectError;
use crate::header::KEY_PART_LEN;
use crate::pack::PackedChunk;
use chest_model::{
    ChunkId, Class, Container, Doubt, Exception, ExceptionKind, ObjectHash, RootDescription, RootEncoding, Timestamp,
    TreePath, UnreadableReason,
};

/// So many exceptions stand in a record; the tree names every item that could not be read.
pub const MAX_EXCEPTIONS: usize = 20_000;

/// Keys that came after the first version of format 1: programs that do not know them pass over them.
const DOUBTS: u64 = 100;
const DEMAND_COUNTS: u64 = 101;
const CONTAINERS: u64 = 100;
const NEWEST_CONTENT: u64 = 101;
const FORERUNNER: u64 = 102;
const LEFT_OUT_BY: u64 = 103;
/// More bytes of patterns are not recorded.
const MOST_PATTERNS: usize = 64 << 10;
/// Each counts as so many besides, so that their number is bounded, too.
const PATTERN_AT_LEAST: usize = 8;

/// A snapshot as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotBody {
    /// What was backed up.
    pub roots: Vec<SnapshotRoot>,
    /// What was not read as it should have been: the first [`MAX_EXCEPTIONS`].
    pub exceptions: Vec<Exception>,
    /// How many there are in all.
    pub exception_count: u64,
    /// The machine's name.
    pub host: String,
    /// Why the run was made, where somebody said so.
    pub reason: String,
    /// How files were cut.
    pub chunker: ChunkerParameters,
    /// The program and its version.
    pub program: String,
    /// What the run did.
    pub statistics: Statistics,
    /// What does not look like what there was.
    pub doubts: Vec<Doubt>,
}

/// One root of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotRoot {
    /// What it is called and where it came from.
    pub description: RootDescription,
    /// Its top node.
    pub tree: ChunkId,
    /// Where that node lies, so that a cold restore need not wait for the index.
    pub location: Option<RootLocation>,
    /// Number of files.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// The exports that it came out of; none where it was a folder.
    pub containers: Vec<Container>,
    /// The newest date in an export, by which its age is told; `None` where it is no export, or nobody can tell.
    pub newest_content: Option<Timestamp>,
    /// What it was held against, where that was another root in whose place it seems to have come.
    pub forerunner: Option<Forerunner>,
    /// By what something was left out, where that is known.
    pub left_out_by: LeftOutBy,
}

/// Patterns in gitignore's syntax, each list in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeftOutBy {
    /// Those that stand for files of kinds that never belong in a backup, in any capitals.
    pub built_in: Vec<String>,
    /// Somebody's own.
    pub own: Vec<String>,
}

impl LeftOutBy {
    /// Whether they are recorded: not where there is none, nor where there are more than anybody writes.
    fn is_recorded(&self) -> bool {
        let bytes: usize = self.built_in.iter().chain(&self.own).map(|pattern| pattern.len() + PATTERN_AT_LEAST).sum();
        (1..=MOST_PATTERNS).contains(&bytes)
    }
}

/// A root of earlier snapshots of the same writer that has another name or came from another path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forerunner {
    /// Its label.
    pub label: Vec<u8>,
    /// Its native path; empty where nobody knows it any more.
    pub native_path: Vec<u8>,
}

/// Where a root's top node lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootLocation {
    /// The pack.
    pub pack: ObjectHash,
    /// The pack's length.
    pub pack_len: u64,
    /// The key part of the pack's header; the pack is this writer's.
    pub key_part: [u8; KEY_PART_LEN],
    /// The node's position in the pack.
    pub position: u32,
    /// Where its ciphertext begins.
    pub offset: u64,
    /// Lengths and compression.
    pub row: PackedChunk,
}

/// What a run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Files that had to be read.
    pub files_read: u64,
    /// Bytes that had to be read.
    pub bytes_read: u64,
    /// Chunks that were new.
    pub chunks_added: u64,
    /// Bytes put into the store, the record itself not counted.
    pub bytes_sent: u64,
}

impl SnapshotBody {
    /// The body, as it is sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        let demand_counts = doubt::counts_of_demands(&self.doubts);
        let optional = [!self.doubts.is_empty(), !demand_counts.is_empty()];
        out.map(8 + optional.into_iter().filter(|there| *there).count());
        out.uint(0u8).array(self.roots.len());
        for root in &self.roots {
            root.write(&mut out);
        }
        let listed = &self.exceptions[..self.exceptions.len().min(MAX_EXCEPTIONS)];
        out.uint(1u8).array(listed.len());
        for exception in listed {
            out.array(4).bytes(&exception.root).bytes(exception.path.as_bytes());
            out.uint(exception_number(exception.kind)).text(&exception.message);
        }
        out.uint(2u8).text(&self.host);
        out.uint(3u8).text(&self.reason);
        let ChunkerParameters { id, min, average, max } = self.chunker;
        out.uint(4u8).array(4).uint(id).uint(min).uint(average).uint(max);
        out.uint(5u8).text(&self.program);
        let Statistics { files_read, bytes_read, chunks_added, bytes_sent } = self.statistics;
        out.uint(6u8).array(4).uint(files_read).uint(bytes_read).uint(chunks_added).uint(bytes_sent);
        out.uint(7u8).uint(self.exception_count);
        if !self.doubts.is_empty() {
            out.uint(DOUBTS).array(self.doubts.len());
            self.doubts.iter().for_each(|doubt| doubt::write(doubt, &mut out));
        }
        if !demand_counts.is_empty() {
            out.uint(DEMAND_COUNTS).array(demand_counts.len());
            for (root, number) in demand_counts {
                out.array(2).bytes(root).uint(number);
            }
        }
        out.finish()
    }

    /// Reads a body.
    pub fn decode(bytes: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(bytes);
        let (mut roots, mut exceptions, mut host, mut reason) = (None, None, None, None);
        let (mut chunker, mut program, mut statistics, mut exception_count) = (None, None, None, None);
        let (mut doubts, mut demand_counts) = (Vec::new(), Vec::new());
        reader.map(|key, value| {
            match key {
                0 => roots = Some(value.list(SnapshotRoot::read)?),
                1 => exceptions = Some(value.list_of_at_most(MAX_EXCEPTIONS, read_exception)?),
                2 => host = Some(value.text()?),
                3 => reason = Some(value.text()?),
                4 => chunker = Some(read_chunker(value)?),
                5 => program = Some(value.text()?),
                6 => statistics = Some(read_statistics(value)?),
                7 => exception_count = Some(value.uint()?),
                DOUBTS => doubts = value.list(doubt::read)?.into_iter().flatten().collect(),
                DEMAND_COUNTS => demand_counts = value.list(read_demand_count)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        reader.end()?;
        demand_counts.iter().for_each(|(root, number)| doubt::count_demands(&mut doubts, root, *number));
        Ok(Self {
            roots: required(roots)?,
            exceptions: required(exceptions)?,
            exception_count: required(exception_count)?,
            host: required(host)?,
            reason: required(reason)?,
            chunker: required(chunker)?,
            program: required(program)?,
            statistics: required(statistics)?,
            doubts,
        })
    }
}

impl SnapshotRoot {
    fn write(&self, out: &mut CborWriter) {
        let RootDescription { label, native_path, encoding, class } = &self.description;
        let optional = [
            self.location.is_some(),
            !self.containers.is_empty(),
            self.newest_content.is_some(),
            self.forerunner.is_some(),
            self.left_out_by.is_recorded(),
        ];
        out.map(7 + optional.into_iter().filter(|there| *there).count());
        out.uint(0u8).bytes(label);
        out.uint(1u8).bytes(native_path);
        out.uint(2u8).uint(match encoding {
            RootEncoding::UnixBytes => 1u8,
            RootEncoding::Wtf8 => 2,
        });
        out.uint(3u8).uint(class.number());
        out.uint(4u8).bytes(&self.tree.0);
        out.uint(5u8).uint(self.files);
        out.uint(6u8).uint(self.bytes);
        if let Some(RootLocation { pack, pack_len, key_part, position, offset, row }) = &self.location {
            out.uint(7u8).array(8).bytes(&pack.0).uint(*pack_len).bytes(key_part).uint(*position).uint(*offset);
            out.uint(row.stored_len).uint(row.plain_len).uint(row.compression as u8);
        }
        if !self.containers.is_empty() {
            out.uint(CONTAINERS).array(self.containers.len());
            self.containers.iter().for_each(|container| write_container(container, out));
        }
        if let Some(newest) = self.newest_content {
            out.uint(NEWEST_CONTENT).time(newest);
        }
        if let Some(Forerunner { label, native_path }) = &self.forerunner {
            out.uint(FORERUNNER).array(2).bytes(label).bytes(native_path);
        }
        if self.left_out_by.is_recorded() {
            out.uint(LEFT_OUT_BY).array(2);
            for patterns in [&self.left_out_by.built_in, &self.left_out_by.own] {
                out.array(patterns.len());
                for pattern in patterns {
                    out.text(pattern);
                }
            }
        }
    }

    /// Every export that it came out of, with its own label.
    pub(crate) fn labelled_containers(&self) -> impl Iterator<Item = (Vec<u8>, Container)> {
        self.containers.iter().map(|container| (self.description.label.clone(), container.clone()))
    }

    fn read(reader: &mut CborReader<'_>) -> Result<Self, ObjectError> {
        let (mut label, mut native_path, mut encoding, mut class) = (None, None, None, None);
        let (mut tree, mut files, mut bytes, mut place) = (None, None, None, None);
        let (mut containers, mut newest_content, mut forerunner) = (Vec::new(), None, None);
        let mut left_out_by = LeftOutBy::default();
        reader.map(|key, value| {
            match key {
                0 => label = Some(read_label(value)?),
                1 => native_path = Some(value.bytes()?.to_vec()),
                2 => encoding = Some(read_encoding(value)?),
                3 => class = Class::from_number(value.small()?),
                4 => tree = Some(ChunkId(value.fixed()?)),
                5 => files = Some(value.uint()?),
                6 => bytes = Some(value.uint()?),
                7 => place = Some(read_location(value)?),
                CONTAINERS => containers = value.list(read_container)?,
                NEWEST_CONTENT => newest_content = Some(value.time()?),
                FORERUNNER => forerunner = Some(read_forerunner(value)?),
                LEFT_OUT_BY => left_out_by = read_left_out_by(value)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let tree = required(tree)?;
        let location = place.map(|mut place: RootLocation| {
            place.row.id = tree;
            place
        });
        let description = RootDescription {
            label: required(label)?,
            native_path: required(native_path)?,
            encoding: required(encoding)?,
            class: required(class)?,
        };
        let (files, bytes) = (required(files)?, required(bytes)?);
        Ok(Self { description, tree, location, files, bytes, containers, newest_content, forerunner, left_out_by })
    }
}

fn read_left_out_by(reader: &mut CborReader<'_>) -> Result<LeftOutBy, ObjectError> {
    reader.array_of(2)?;
    let mut patterns = || reader.list_of_at_most(MOST_PATTERNS / PATTERN_AT_LEAST, CborReader::text);
    Ok(LeftOutBy { built_in: patterns()?, own: patterns()? })
}

fn read_forerunner(reader: &mut CborReader<'_>) -> Result<Forerunner, ObjectError> {
    reader.array_of(2)?;
    Ok(Forerunner { label: read_label(reader)?, native_path: reader.bytes()?.to_vec() })
}

fn read_demand_count(reader: &mut CborReader<'_>) -> Result<(Vec<u8>, u64), ObjectError> {
    reader.array_of(2)?;
    Ok((reader.bytes()?.to_vec(), reader.uint()?))
}

/// The time is an array of one or none: the format's CBOR has no null. Likewise a hash that nobody could take is empty.
fn write_container(container: &Container, out: &mut CborWriter) {
    let Container { name, size, hash, newest } = container;
    let hash = hash.as_ref().map_or(&[][..], |hash| hash);
    out.array(4).bytes(name).uint(*size).bytes(hash).array(usize::from(newest.is_some()));
    if let Some(newest) = newest {
        out.time(*newest);
    }
}

fn read_container(reader: &mut CborReader<'_>) -> Result<Container, ObjectError> {
    const BAD: ObjectError = ObjectError::Malformed("a container that is none");
    reader.array_of(4)?;
    let (name, size) = (reader.bytes()?.to_vec(), reader.uint()?);
    let hash = match reader.bytes()? {
        [] => None,
        hash => Some(hash.try_into().map_err(|_| BAD)?),
    };
    let times = reader.list_of_at_most(1, CborReader::time)?;
    Ok(Container { name, size, hash, newest: times.first().copied() })
}

/// A label becomes a folder's name on restore: exactly one component.
fn read_label(reader: &mut CborReader<'_>) -> Result<Vec<u8>, ObjectError> {
    let label = reader.bytes()?.to_vec();
    match TreePath::root().child(&label) {
        Ok(_) => Ok(label),
        Err(_) => Err(ObjectError::Malformed("a root's label is not a name")),
    }
}

fn read_encoding(reader: &mut CborReader<'_>) -> Result<RootEncoding, ObjectError> {
    match reader.uint()? {
        1 => Ok(RootEncoding::UnixBytes),
        2 => Ok(RootEncoding::Wtf8),
        _ => Err(ObjectError::Malformed("an unknown encoding of names")),
    }
}

fn read_location(reader: &mut CborReader<'_>) -> Result<RootLocation, ObjectError> {
    reader.array_of(8)?;
    let (pack, pack_len, key_part) = (ObjectHash(reader.fixed()?), reader.uint()?, reader.fixed()?);
    let (position, offset, stored_len, plain_len) = (reader.small()?, reader.uint()?, reader.small()?, reader.small()?);
    let compression = Compression::from_number(reader.small()?).ok_or(ObjectError::Malformed("unknown compression"))?;
    let row = PackedChunk { id: ChunkId([0; 32]), plain_len, stored_len, compression };
    Ok(RootLocation { pack, pack_len, key_part, position, offset, row })
}

fn read_exception(reader: &mut CborReader<'_>) -> Result<Exception, ObjectError> {
    reader.array_of(4)?;
    let root = reader.bytes()?.to_vec();
    let path = TreePath::from_bytes(reader.bytes()?.to_vec()).map_err(|_| ObjectError::Malformed("a bad path"))?;
    let kind = exception_from_number(reader.uint()?)?;
    Ok(Exception { root, path, kind, message: reader.text()? })
}

pub(crate) fn read_chunker(reader: &mut CborReader<'_>) -> Result<ChunkerParameters, ObjectError> {
    reader.array_of(4)?;
    Ok(ChunkerParameters { id: reader.small()?, min: reader.small()?, average: reader.small()?, max: reader.small()? })
}

fn read_statistics(reader: &mut CborReader<'_>) -> Result<Statistics, ObjectError> {
    reader.array_of(4)?;
    Ok(Statistics {
        files_read: reader.uint()?,
        bytes_read: reader.uint()?,
        chunks_added: reader.uint()?,
        bytes_sent: reader.uint()?,
    })
}

/// 0 is "changed while it was read"; a reason for being unreadable is its own number.
fn exception_number(kind: ExceptionKind) -> u8 {
    match kind {
        ExceptionKind::ChangedWhileRead => 0,
        ExceptionKind::Unreadable(reason) => reason_number(reason),
    }
}

fn exception_from_number(number: u64) -> Result<ExceptionKind, ObjectError> {
    match number {
        0 => Ok(ExceptionKind::ChangedWhileRead),
        _ => reason_from_number(number).map(ExceptionKind::Unreadable),
    }
}

const REASONS: [UnreadableReason; 7] = [
    UnreadableReason::PermissionDenied,
    UnreadableReason::Vanished,
    UnreadableReason::Changed,
    UnreadableReason::ReadError,
    UnreadableReason::InUse,
    UnreadableReason::CloudOnly,
    UnreadableReason::Unsupported,
];

/// The number of a reason in the format, from 1.
pub(crate) fn reason_number(reason: UnreadableReason) -> u8 {
    REASONS.iter().position(|one| *one == reason).map_or(0, |at| at as u8 + 1)
}

/// The reason of that number.
pub(crate) fn reason_from_number(number: u64) -> Result<UnreadableReason, ObjectError> {
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    at.and_then(|at| REASONS.get(at)).copied().ok_or(ObjectError::Malformed("an unknown reason"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::DoubtKind;

    fn body(containers: Vec<Container>) -> SnapshotBody {
        let description = RootDescription {
            label: b"OneDrive export".to_vec(),
            native_path: b"/home/clerk/Export.zip".to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: Class::Documents,
        };
        let tree = ChunkId([7; 32]);
        let newest_content = containers.iter().filter_map(|container| container.newest).max();
        let root = SnapshotRoot {
            description,
            tree,
            location: None,
            files: 1,
            bytes: 2,
            containers,
            newest_content,
            forerunner: None,
            left_out_by: LeftOutBy::default(),
        };
        SnapshotBody {
            roots: vec![root],
            exceptions: Vec::new(),
            exception_count: 0,
            host: "office".to_owned(),
            reason: String::new(),
            chunker: ChunkerParameters { id: 1, min: 1, average: 2, max: 3 },
            program: "test".to_owned(),
            statistics: Statistics::default(),
            doubts: Vec::new(),
        }
    }

    fn container(hash: Option<[u8; 32]>, newest: Option<Timestamp>) -> Container {
        Container { name: b"Export.zip".to_vec(), size: 5 << 30, hash, newest }
    }

    #[test]
    fn the_exports_of_a_root_are_read_as_they_were_written() {
        let time = Timestamp::new(1_795_280_523, 5);
        for containers in [
            vec![],
            vec![container(None, None)],
            vec![container(Some([9; 32]), Some(time)), container(None, Some(time)), container(Some([1; 32]), None)],
        ] {
            let body = body(containers);
            assert_eq!(SnapshotBody::decode(&body.encode()).unwrap(), body);
        }
    }

    #[test]
    fn an_export_with_a_hash_of_another_length_or_two_times_is_refused() {
        let intact = body(vec![container(Some([9; 32]), None)]).encode();
        // The container's hash, then an array without a time.
        let whole = [&[0x58, 32][..], &[9; 32], &[0x80]].concat();
        let at = intact.windows(whole.len()).position(|bytes| bytes == whole).unwrap();
        let time = [0x82, 1, 2];
        let two_times = [&[0x58, 32][..], &[9; 32], &[0x82], &time, &time].concat();
        let short_hash = [&[0x58, 31][..], &[9; 31], &[0x80]].concat();
        for bad in [two_times, short_hash] {
            let bytes = [&intact[..at], &bad, &intact[at + whole.len()..]].concat();
            assert!(SnapshotBody::decode(&bytes).is_err());
        }
    }

    #[test]
    fn a_root_says_in_whose_place_it_came_and_a_program_that_does_not_know_of_it_reads_the_rest() {
        let mut body = body(Vec::new());
        let forerunner = Forerunner { label: b"mail-07.mbox".to_vec(), native_path: b"/mail/mail-07.mbox".to_vec() };
        body.roots[0].forerunner = Some(forerunner.clone());
        let bytes = body.encode();
        assert_eq!(SnapshotBody::decode(&bytes).unwrap(), body);
        let key = [&[0x18, 102, 0x82, 0x4c][..], b"mail-07.mbox"].concat();
        let at = bytes.windows(key.len()).position(|part| part == key).unwrap();
        let with = |part: &[u8]| [&bytes[..at], part, &bytes[at + part.len()..]].concat();
        // Another key from 100 on, of which nothing is known.
        body.roots[0].forerunner = None;
        assert_eq!(SnapshotBody::decode(&with(&[0x18, 199])).unwrap(), body);
        // A label that is no name, and fewer than two.
        assert!(SnapshotBody::decode(&with(&[&key[..4], b"mail/07.mbox"].concat())).is_err());
        assert!(SnapshotBody::decode(&with(&[0x18, 102, 0x81])).is_err());
        let unknown = Forerunner { native_path: Vec::new(), ..forerunner };
        body.roots[0].forerunner = Some(unknown);
        assert_eq!(SnapshotBody::decode(&body.encode()).unwrap(), body);
    }

    #[test]
    fn more_demands_than_are_named_are_counted_and_a_program_that_knows_no_count_reads_the_rest() {
        let demanded = |count| DoubtKind::Scrambled {
            files: 40,
            of: 50,
            demand_count: count,
            demands: vec![b"HOW TO DECRYPT.txt".to_vec()],
        };
        let doubt = |root: &[u8], kind| Doubt { root: root.to_vec(), kind, accepted: false };
        let mut body = body(Vec::new());
        body.doubts =
            vec![doubt(b"docs", demanded(171)), doubt(b"mail", demanded(1)), doubt(b"scans", DoubtKind::Empty)];
        let bytes = body.encode();
        assert_eq!(SnapshotBody::decode(&bytes).unwrap(), body);
        // The list of counts comes last, under its key.
        let counts = [&[0x18, 101, 0x81, 0x82, 0x44][..], b"docs", &[0x18, 171]].concat();
        let before = bytes.strip_suffix(&counts[..]).unwrap();
        let unknown = [before, &[0x18, 199], &counts[2..]].concat();
        body.doubts[0].kind = demanded(1);
        assert_eq!(SnapshotBody::decode(&unknown).unwrap(), body);
    }

    #[test]
    fn what_was_left_out_is_recorded_where_anything_can_be_and_within_bounds() {
        let mut body = body(Vec::new());
        let without = body.encode();
        let own = vec!["*.mp4".to_owned(), "!plan.mp4".to_owned()];
        body.roots[0].left_out_by = LeftOutBy { built_in: vec!["~$*".to_owned()], own };
        assert_eq!(SnapshotBody::decode(&body.encode()).unwrap(), body);
        body.roots[0].left_out_by.own.push("x".repeat(MOST_PATTERNS));
        assert_eq!(body.encode(), without);
    }
}
