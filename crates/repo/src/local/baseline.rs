//! What each root held when it was last backed up completely: what a later run is held against. A machine that backs up cannot
//! read its old trees, so this is all it knows of them.

use super::folder::LocalFolder;
use super::seal::{LocalKey, LocalKind};
use crate::cbor::{CborReader, CborWriter, required};
use crate::error::{ObjectError, RepoError};
use chest_model::{Amount, ChunkId, Class, Environment, Timestamp};
use std::collections::BTreeMap;

const NAME: &str = "baseline";
/// More roots are not kept, so that the file stays one frame.
const MOST_ROOTS: usize = 100;
/// Nor more of those that share their names.
const MOST_NAMESAKES: usize = 20;
/// Nor more names of what came in the place of one.
const MOST_STAND_INS: usize = 100;

/// From 100 on, so that a program that does not know it passes it over.
const NAMESAKES: u64 = 100;

/// The roots that were backed up completely, by their labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Baseline {
    /// Label and what the root held.
    pub roots: BTreeMap<Vec<u8>, BaselineRoot>,
    /// The same of roots whose names are those of others that were backed up later, from other paths.
    pub namesakes: Vec<(Vec<u8>, BaselineRoot)>,
    /// An earlier one was lost: of a root that is not in this one nobody can tell whether it was ever backed up.
    pub follows_a_loss: bool,
}

/// What a root held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaselineRoot {
    /// When reading ended.
    pub ended: Timestamp,
    /// The tree's top node.
    pub tree: ChunkId,
    /// Files and bytes.
    pub held: Amount,
    /// The folders nearest to the top, with the files in and below each.
    pub folders: BTreeMap<Vec<u8>, u64>,
    /// Files that did not hold what their names promise.
    pub scrambled: u64,
    /// Files that are not noise, and their bytes; `None` where an earlier version has written this, which did not count them.
    pub plain: Option<Amount>,
    /// Those of them that their owner has encrypted or compressed; `None` where an earlier version has written this.
    pub own_doing: Option<OwnDoing>,
    /// Folders with a file that is named as extortionists name their demands.
    pub demands: u64,
    /// What kind of documents; `None` where an earlier version has written this.
    pub class: Option<Class>,
    /// End of the last run that named it, complete or not: roots that were named together bear the same time.
    pub last_named: Timestamp,
    /// The path that was named; `None` where an earlier version has written this.
    pub place: Option<Vec<u8>>,
    /// Of an export: the form of its file's name, which tells it from others in the same place.
    pub form: Option<Vec<u8>>,
    /// Names of what came in its place and has not been complete yet, the latest last.
    pub stand_ins: Vec<Vec<u8>>,
    /// Files and bytes that somebody has accepted since instead of what it held, though not all of it could be read.
    pub accepted: Option<Amount>,
    /// Files that were not empty, or as many of them as somebody has accepted since; `None` where an earlier version has written this.
    pub filled: Option<u64>,
}

/// Files whose names say that their owner has encrypted or compressed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OwnDoing {
    /// By their names.
    pub named: Amount,
    /// Those of them that are noise.
    pub noise: Amount,
}

impl Baseline {
    /// Reads it. `None`: it is not there, or cannot be read; the guard cannot judge then, and says so.
    pub fn load(folder: &LocalFolder, key: &LocalKey) -> Result<Option<Self>, RepoError> {
        let Some(bytes) = folder.read(NAME)? else { return Ok(None) };
        let opened = key.open(LocalKind::Baseline, 0, &bytes);
        Ok(opened.and_then(|(plain, _)| Self::decode(&plain).ok()))
    }

    /// Makes the one of that name that is meant the one that is known by it, unless it is already.
    pub fn call_back(&mut self, label: &[u8], is_meant: impl Fn(&BaselineRoot) -> bool) {
        if self.roots.get(label).is_some_and(&is_meant) {
            return;
        }
        if let Some(at) = self.namesakes.iter().position(|(name, root)| name == label && is_meant(root)) {
            let (_, meant) = self.namesakes.remove(at);
            self.put_beside(label, meant);
        }
    }

    /// Puts a root in, and keeps what was known by its name.
    pub fn put_beside(&mut self, label: &[u8], root: BaselineRoot) {
        let earlier = self.roots.insert(label.to_vec(), root);
        self.namesakes.extend(earlier.map(|earlier| (label.to_vec(), earlier)));
    }

    /// Forgets the roots that have not been named for longest, where there are more than can be kept.
    pub fn forget_oldest(&mut self) {
        while self.namesakes.len() > MOST_NAMESAKES {
            let oldest = (0..self.namesakes.len()).min_by_key(|&at| self.namesakes[at].1.last_named);
            self.namesakes.remove(oldest.unwrap_or_default());
        }
        while self.roots.len() > MOST_ROOTS {
            let oldest = self.roots.iter().min_by_key(|(_, root)| root.last_named).map(|(label, _)| label.clone());
            self.roots.remove(&oldest.unwrap_or_default());
        }
    }

    /// Remembers in whose place something came that is not complete, so that it is held against that until it is.
    pub fn note_stand_in(&mut self, label: &[u8], of: &[u8]) {
        self.forget_stand_in(label);
        if let Some(root) = self.roots.get_mut(of) {
            root.stand_ins.push(label.to_vec());
            let beyond = root.stand_ins.len().saturating_sub(MOST_STAND_INS);
            root.stand_ins.drain(..beyond);
        }
    }

    /// It stands for itself.
    pub fn forget_stand_in(&mut self, label: &[u8]) {
        self.roots.values_mut().for_each(|root| root.stand_ins.retain(|stand_in| stand_in != label));
    }

    /// The root in whose place it came when it was last backed up, and not complete.
    pub fn stood_in_for(&self, label: &[u8]) -> Option<&[u8]> {
        let mut all = self.roots.iter();
        let found = all.find(|(_, root)| root.stand_ins.iter().any(|stand_in| stand_in == label));
        found.map(|(label, _)| label.as_slice())
    }

    /// Writes it.
    pub fn store(&self, folder: &LocalFolder, key: &LocalKey, environment: &dyn Environment) -> Result<(), RepoError> {
        folder.replace(NAME, &key.seal(LocalKind::Baseline, 0, &self.encode(), environment)?)
    }

    /// What is sealed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = CborWriter::new();
        let optional = usize::from(self.follows_a_loss) + usize::from(!self.namesakes.is_empty());
        out.map(1 + optional).uint(0u8).array(self.roots.len());
        self.roots.iter().for_each(|(label, root)| root.write_named(label, &mut out));
        if self.follows_a_loss {
            out.uint(1u8).uint(1u8);
        }
        if !self.namesakes.is_empty() {
            out.uint(NAMESAKES).array(self.namesakes.len());
            self.namesakes.iter().for_each(|(label, root)| root.write_named(label, &mut out));
        }
        out.finish()
    }

    /// Reads what the seal held.
    pub fn decode(plain: &[u8]) -> Result<Self, ObjectError> {
        let mut reader = CborReader::new(plain);
        let (mut roots, mut namesakes, mut follows_a_loss) = (None, Vec::new(), false);
        reader.map(|key, value| {
            match key {
                0 => roots = Some(value.list(BaselineRoot::read_named)?.into_iter().collect()),
                1 => follows_a_loss = value.uint()? != 0,
                NAMESAKES => namesakes = value.list(BaselineRoot::read_named)?,
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self { roots: required(roots)?, namesakes, follows_a_loss })
    }
}

impl BaselineRoot {
    /// Of so much, most should still be there.
    pub fn expected(&self) -> Amount {
        self.accepted.unwrap_or(self.held)
    }

    fn write_named(&self, label: &[u8], out: &mut CborWriter) {
        out.array(2).bytes(label);
        self.write(out);
    }

    fn read_named(reader: &mut CborReader<'_>) -> Result<(Vec<u8>, Self), ObjectError> {
        reader.array_of(2)?;
        Ok((reader.bytes()?.to_vec(), Self::read(reader)?))
    }

    fn write(&self, out: &mut CborWriter) {
        let optional = [
            self.class.is_some(),
            self.plain.is_some(),
            self.place.is_some(),
            self.form.is_some(),
            !self.stand_ins.is_empty(),
            self.own_doing.is_some(),
            self.accepted.is_some(),
            self.filled.is_some(),
        ];
        out.map(7 + optional.into_iter().filter(|is_there| *is_there).count()).uint(0u8).time(self.ended);
        out.uint(1u8).bytes(&self.tree.0);
        out.uint(2u8).array(2).uint(self.held.files).uint(self.held.bytes);
        out.uint(3u8).array(self.folders.len());
        for (folder, files) in &self.folders {
            out.array(2).bytes(folder).uint(*files);
        }
        out.uint(4u8).uint(self.scrambled);
        // From 100 on, so that a program that does not know them passes them over.
        if let Some(class) = self.class {
            out.uint(100u8).uint(class.number());
        }
        out.uint(101u8).time(self.last_named);
        if let Some(place) = &self.place {
            out.uint(102u8).bytes(place);
        }
        if let Some(form) = &self.form {
            out.uint(103u8).bytes(form);
        }
        if !self.stand_ins.is_empty() {
            out.uint(104u8).array(self.stand_ins.len());
            for label in &self.stand_ins {
                out.bytes(label);
            }
        }
        if let Some(accepted) = self.accepted {
            out.uint(105u8).array(2).uint(accepted.files).uint(accepted.bytes);
        }
        if let Some(filled) = self.filled {
            out.uint(106u8).uint(filled);
        }
        if let Some(plain) = self.plain {
            out.uint(110u8).array(2).uint(plain.files).uint(plain.bytes);
        }
        out.uint(111u8).uint(self.demands);
        if let Some(OwnDoing { named, noise }) = self.own_doing {
            out.uint(112u8).array(2).array(2).uint(named.files).uint(named.bytes);
            out.array(2).uint(noise.files).uint(noise.bytes);
        }
    }

    fn read(reader: &mut CborReader<'_>) -> Result<Self, ObjectError> {
        let (mut ended, mut tree, mut held, mut folders, mut scrambled) = (None, None, None, None, None);
        let (mut class, mut last_named, mut place, mut form) = (None, None, None, None);
        let (mut plain, mut own_doing, mut demands, mut stand_ins) = (None, None, 0, Vec::new());
        let (mut accepted, mut filled) = (None, None);
        reader.map(|key, value| {
            match key {
                0 => ended = Some(value.time()?),
                1 => tree = Some(ChunkId(value.fixed()?)),
                2 => held = Some(amount(value)?),
                3 => {
                    let read = value.list(|folder| {
                        folder.array_of(2)?;
                        Ok((folder.bytes()?.to_vec(), folder.uint()?))
                    })?;
                    folders = Some(read.into_iter().collect());
                }
                4 => scrambled = Some(value.uint()?),
                100 => class = Class::from_number(value.small()?),
                101 => last_named = Some(value.time()?),
                102 => place = Some(value.bytes()?.to_vec()),
                103 => form = Some(value.bytes()?.to_vec()),
                104 => stand_ins = value.list(|label| Ok(label.bytes()?.to_vec()))?,
                105 => accepted = Some(amount(value)?),
                106 => filled = Some(value.uint()?),
                110 => plain = Some(amount(value)?),
                111 => demands = value.uint()?,
                112 => own_doing = Some(read_own_doing(value)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        let ended = required(ended)?;
        Ok(Self {
            ended,
            tree: required(tree)?,
            held: required(held)?,
            folders: required(folders)?,
            scrambled: required(scrambled)?,
            plain,
            own_doing,
            demands,
            class,
            last_named: last_named.unwrap_or(ended),
            place,
            form,
            stand_ins,
            accepted,
            filled,
        })
    }
}

fn read_own_doing(reader: &mut CborReader<'_>) -> Result<OwnDoing, ObjectError> {
    reader.array_of(2)?;
    Ok(OwnDoing { named: amount(reader)?, noise: amount(reader)? })
}

fn amount(reader: &mut CborReader<'_>) -> Result<Amount, ObjectError> {
    reader.array_of(2)?;
    Ok(Amount { files: reader.uint()?, bytes: reader.uint()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(seconds: i64) -> BaselineRoot {
        BaselineRoot {
            ended: Timestamp::new(seconds, 5),
            tree: ChunkId([7; 32]),
            held: Amount { files: 3, bytes: 4 },
            folders: BTreeMap::from([(b"Minutes/2025/May".to_vec(), 2)]),
            scrambled: 1,
            plain: Some(Amount { files: 2, bytes: 3 }),
            own_doing: Some(OwnDoing { named: Amount { files: 2, bytes: 2 }, noise: Amount { files: 1, bytes: 1 } }),
            demands: 4,
            class: Some(Class::Email),
            last_named: Timestamp::new(seconds + 9, 0),
            place: Some(b"/home/clerk/Exports".to_vec()),
            form: Some(b"onedrive_#.zip".to_vec()),
            stand_ins: vec![b"OneDrive - Parish".to_vec(), b"OneDrive".to_vec()],
            accepted: Some(Amount { files: 2, bytes: 3 }),
            filled: Some(2),
        }
    }

    /// Without anything that is optional.
    fn bare() -> BaselineRoot {
        let (class, plain, own_doing) = (None, None, None);
        let (place, form, accepted, filled) = (None, None, None, None);
        BaselineRoot { class, plain, own_doing, place, form, stand_ins: Vec::new(), accepted, filled, ..root(1) }
    }

    fn read_back(root: &BaselineRoot) -> BaselineRoot {
        let mut out = CborWriter::new();
        root.write(&mut out);
        BaselineRoot::read(&mut CborReader::new(&out.finish())).unwrap()
    }

    #[test]
    fn what_a_root_held_comes_back_as_it_was() {
        let unknown = bare();
        assert_eq!((read_back(&root(1)), read_back(&unknown)), (root(1), unknown));
    }

    #[test]
    fn what_an_earlier_version_wrote_is_read_without_class_and_as_named_when_it_was_complete() {
        let mut out = CborWriter::new();
        out.map(1).uint(0u8).array(1).array(2).bytes(b"docs");
        out.map(5).uint(0u8).time(Timestamp::new(1, 5)).uint(1u8).bytes(&[7; 32]);
        out.uint(2u8).array(2).uint(3u8).uint(4u8);
        out.uint(3u8).array(1).array(2).bytes(b"Minutes/2025/May").uint(2u8).uint(4u8).uint(1u8);
        let read = Baseline::decode(&out.finish()).unwrap();
        let expected = BaselineRoot { last_named: Timestamp::new(1, 5), demands: 0, ..bare() };
        assert_eq!(read, Baseline { roots: BTreeMap::from([(b"docs".to_vec(), expected)]), ..Baseline::default() });
    }

    #[test]
    fn roots_of_one_name_from_several_paths_are_kept_and_called_back_and_those_named_last_remain() {
        let at = |path: &str, named| BaselineRoot { place: Some(path.into()), ..root(named) };
        let mut baseline = Baseline::default();
        for (number, path) in ["/a", "/b", "/c"].into_iter().enumerate() {
            baseline.put_beside(b"docs", at(path, number as i64));
        }
        let known = |baseline: &Baseline| baseline.roots[&b"docs".to_vec()].place.clone().unwrap();
        assert_eq!((known(&baseline), baseline.namesakes.len()), (b"/c".to_vec(), 2));
        assert_eq!(Baseline::decode(&baseline.encode()).unwrap(), baseline);
        for path in ["/a", "/c", "/b", "/b", "/a"] {
            baseline.call_back(b"docs", |one| one.place == Some(path.into()));
            assert_eq!((known(&baseline), baseline.namesakes.len()), (path.into(), 2), "{path}");
        }
        let before = baseline.clone();
        baseline.call_back(b"docs", |one| one.place == Some(b"/d".to_vec()));
        baseline.call_back(b"mail", |_| true);
        assert_eq!(baseline, before);
        baseline.roots.clear();
        baseline.call_back(b"docs", |one| one.place == Some(b"/b".to_vec()));
        assert_eq!((known(&baseline), baseline.namesakes.len()), (b"/b".to_vec(), 1), "the other is gone for good");
        (10..40).for_each(|number| baseline.put_beside(b"docs", at("/more", number)));
        baseline.forget_oldest();
        assert_eq!(baseline.namesakes.len(), MOST_NAMESAKES);
        assert!(baseline.namesakes.iter().all(|(_, one)| one.last_named.seconds > 18));
    }

    #[test]
    fn of_too_many_roots_those_that_were_not_named_for_longest_are_forgotten() {
        let roots = (0..150).map(|number| (format!("{:03}", (number * 7) % 150).into_bytes(), root(number))).collect();
        let mut baseline = Baseline { roots, ..Baseline::default() };
        baseline.forget_oldest();
        assert_eq!(baseline.roots.len(), MOST_ROOTS);
        assert!(baseline.roots.values().all(|root| root.ended.seconds >= 50));
    }

    #[test]
    fn what_came_in_the_place_of_a_root_stands_in_for_one_until_it_is_forgotten_and_for_the_last_hundred_names() {
        let roots = [(b"docs".to_vec(), bare()), (b"mail".to_vec(), bare())];
        let mut baseline = Baseline { roots: BTreeMap::from(roots), ..Baseline::default() };
        baseline.note_stand_in(b"papers", b"docs");
        baseline.note_stand_in(b"papers", b"mail");
        assert_eq!(baseline.stood_in_for(b"papers"), Some(&b"mail"[..]));
        assert_eq!(baseline.roots[&b"docs".to_vec()].stand_ins, [b""; 0], "one at a time");
        baseline.forget_stand_in(b"papers");
        assert_eq!(baseline.stood_in_for(b"papers"), None);
        (0..=MOST_STAND_INS).for_each(|number| baseline.note_stand_in(format!("{number}").as_bytes(), b"docs"));
        assert_eq!(baseline.stood_in_for(b"0"), None);
        assert_eq!(baseline.stood_in_for(b"1"), Some(&b"docs"[..]));
        baseline.note_stand_in(b"x", b"gone");
        assert_eq!(baseline.stood_in_for(b"x"), None);
    }
}
