//! Finds files and folders by name over all versions, deleted ones too.

use super::fill::{Chains, chains_of};
use super::names::Word;
use super::{Keeping, consult};
use crate::browse::{ItemType, ShownPath};
use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, ChainId, Damage, FoundVersion, ItemVersion, NameQuery};
use chest_model::{Class, Exception, ExceptionKind, ObjectHash, Timestamp, TreePath};
use chest_repo::repository::Snapshot;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindQuery {
    /// Each a part of a name, in any case; or, with `*`, `?` or `[`, a pattern for the whole name, or for the path where it has
    /// a `/`. Of several, one is in the name, and the others there or in the folders above.
    pub words: Vec<String>,
    /// Only what the newest snapshot of its machine and root no longer holds.
    pub only_deleted: bool,
    /// Only versions last changed in this time.
    pub changed: Range<Timestamp>,
    /// Only what is backed up as this.
    pub class: Option<Class>,
}

impl FindQuery {
    /// Whatever has this in its name.
    pub fn of(word: &str) -> Self {
        let changed = Timestamp::new(i64::MIN, 0)..Timestamp::new(i64::MAX, 999_999_999);
        Self { words: vec![word.to_owned()], only_deleted: false, changed, class: None }
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct FindOutcome {
    /// In the order of their paths.
    pub hits: Vec<Hit>,
    /// Parts of trees that could not be read.
    pub damaged: Vec<String>,
    /// How many snapshots were searched.
    pub snapshots: usize,
    /// How the catalogue fared.
    pub keeping: Keeping,
}

/// One path, over all versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it is or was.
    pub path: ShownPath,
    /// Its versions, newest first.
    pub versions: Vec<HitVersion>,
    /// Whether the newest snapshot of its machine and root no longer holds it.
    pub deleted: bool,
}

/// One version of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HitVersion {
    /// What it was.
    pub item: ItemType,
    /// Bytes of content.
    pub size: u64,
    /// When its content was last changed.
    pub modified: Timestamp,
    /// The oldest snapshot that holds it: id and end of reading.
    pub first_seen: (ObjectHash, Timestamp),
    /// The newest snapshot that holds it: the one to restore from.
    pub last_seen: (ObjectHash, Timestamp),
}

/// Searches all snapshots.
pub fn find(context: &Context<'_>, opened: &Opened, query: &FindQuery) -> Result<FindOutcome, EngineError> {
    let words: Vec<Word> = query.words.iter().map(|word| Word::new(word)).collect::<Result<_, _>>()?;
    let (snapshots, _) = opened.session.snapshots();
    let ask = |catalogue: &Catalogue| Answer::new(catalogue, &snapshots)?.find(catalogue, query, &words);
    let ((hits, damaged), keeping) = consult(context, opened, &ask)?;
    Ok(FindOutcome { hits, damaged, snapshots: snapshots.len(), keeping })
}

/// What is needed to make hits of what the catalogue says.
struct Answer<'s> {
    snapshots: &'s [Snapshot],
    /// The place of each snapshot among all, oldest first.
    places: HashMap<ObjectHash, usize>,
    chains: HashMap<ChainId, Chain<'s>>,
    damage: Vec<Damage>,
}

/// One machine's root.
struct Chain<'s> {
    label: Vec<u8>,
    newest: &'s Snapshot,
    /// What could not be read when the newest snapshot was made: nothing is known of what lies below.
    hidden: HashSet<&'s TreePath>,
    /// What cannot be read now, of the newest snapshot.
    lost: Vec<(TreePath, Option<TreePath>)>,
}

impl<'s> Answer<'s> {
    fn new(catalogue: &Catalogue, snapshots: &'s [Snapshot]) -> Result<Self, EngineError> {
        let places = snapshots.iter().enumerate().map(|(place, snapshot)| (snapshot.record.hash, place)).collect();
        let damage = catalogue.damage()?;
        let known: Chains<'s> = chains_of(snapshots);
        let mut chains = HashMap::new();
        for (id, host, label, seen) in catalogue.chains()? {
            let newest = known.get(&(host, label.clone())).and_then(|all| all.last());
            if let (Some(newest), Some(last)) = (newest, seen.last()) {
                let of_newest = damage.iter().filter(|damage| damage.chain == id && damage.number == last.number);
                let lost = of_newest.map(|damage| (damage.from.clone(), damage.until.clone())).collect();
                let hidden = hidden_in(newest, &label);
                chains.insert(id, Chain { label, newest, hidden, lost });
            }
        }
        Ok(Self { snapshots, places, chains, damage })
    }

    /// The hits, and what could not be read.
    fn find(
        &self,
        catalogue: &Catalogue,
        query: &FindQuery,
        words: &[Word],
    ) -> Result<(Vec<Hit>, Vec<String>), EngineError> {
        let mut paths: BTreeMap<(&[u8], TreePath), Vec<FoundVersion>> = BTreeMap::new();
        for (number, word) in words.iter().enumerate() {
            let fits = |name: &str| word.fits_name(name);
            for found in catalogue.names(&NameQuery { parts: word.parts(), fits: &fits })? {
                let Some(chain) = self.chains.get(&found.chain) else { continue };
                let others = words.iter().enumerate().filter(|(other, _)| *other != number);
                let narrowed = others.clone().all(|(_, other)| other.narrows(&chain.label, &found.path));
                // Of several words that are in the name, the first brings it.
                let is_first = !words[..number].iter().any(|earlier| earlier.fits(&found.path));
                if word.fits(&found.path) && narrowed && is_first && chain.is_of(query.class) {
                    paths.entry((&chain.label, found.path.clone())).or_default().push(found);
                }
            }
        }
        let hits = paths
            .into_iter()
            .map(|((root, path), found)| self.hit(ShownPath { root: root.to_vec(), path }, &found, &query.changed));
        let is_meant = |hit: &Hit| !hit.versions.is_empty() && (hit.deleted || !query.only_deleted);
        let damaged = self.damage.iter().map(|damage| format!("{}: {}", damage.from, damage.problem));
        Ok((hits.filter(is_meant).collect(), damaged.collect()))
    }

    /// Puts the spans of one path together: equal versions become one, with the first and last snapshot that held it.
    fn hit(&self, path: ShownPath, found: &[FoundVersion], changed: &Range<Timestamp>) -> Hit {
        let place = |snapshot: &ObjectHash| self.places.get(snapshot).copied();
        let mut versions: HashMap<ItemVersion, (usize, usize)> = HashMap::new();
        for one in found.iter().filter(|one| changed.contains(&one.version.modified)) {
            if let (Some(first), Some(last)) = (place(&one.first), place(&one.last)) {
                let span = versions.entry(one.version).or_insert((first, last));
                *span = (span.0.min(first), span.1.max(last));
            }
        }
        let at = |place: usize| (self.snapshots[place].record.hash, self.snapshots[place].public.ended);
        let mut versions: Vec<HitVersion> = versions
            .into_iter()
            .filter_map(|(version, (first, last))| {
                Some(HitVersion {
                    item: ItemType::from_number(version.item)?,
                    size: version.size,
                    modified: version.modified,
                    first_seen: at(first),
                    last_seen: at(last),
                })
            })
            .collect();
        versions.sort_by_key(|version| std::cmp::Reverse((version.last_seen.1, version.modified)));
        // Deleted where no machine's newest snapshot of that root holds it.
        let held =
            |one: &FoundVersion| self.chains.get(&one.chain).is_some_and(|chain| chain.newest.record.hash == one.last);
        let unknown = |chain: &Chain<'_>| chain.label == path.root && chain.hides(&path.path);
        let deleted = !found.iter().any(held) && !self.chains.values().any(unknown);
        Hit { path, versions, deleted }
    }
}

impl Chain<'_> {
    fn is_of(&self, class: Option<Class>) -> bool {
        let root = self.newest.body.roots.iter().find(|root| root.description.label == self.label);
        class.is_none_or(|class| root.is_some_and(|root| root.description.class == class))
    }

    /// Whether nothing can be said of a path: a folder on the way to it could not be read, or cannot be now.
    fn hides(&self, path: &TreePath) -> bool {
        let above = std::iter::successors(Some(path.clone()), TreePath::parent);
        let is_lost = |(from, until): &(TreePath, Option<TreePath>)| {
            path >= from && until.as_ref().is_none_or(|until| path < until)
        };
        (!self.hidden.is_empty() && above.into_iter().any(|path| self.hidden.contains(&path)))
            || self.lost.iter().any(is_lost)
    }
}

fn hidden_in<'s>(snapshot: &'s Snapshot, label: &[u8]) -> HashSet<&'s TreePath> {
    let hides = |one: &&Exception| one.root == label && matches!(one.kind, ExceptionKind::Unreadable(_));
    snapshot.body.exceptions.iter().filter(hides).map(|one| &one.path).collect()
}
