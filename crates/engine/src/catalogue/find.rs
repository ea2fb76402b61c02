//! Finds files and folders by name over all versions, deleted ones too.

use super::answer::{Answer, Chain};
use super::names::Word;
use super::searches::{FEW, Search, searches};
use super::standing::NotKnown;
use super::{Keeping, Wanted, consult};
use crate::browse::{ItemType, ShownPath};
use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, FoundVersion, ItemVersion, NameQuery};
use chest_model::{Class, ObjectHash, Timestamp, TreePath};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindQuery {
    /// Each a part of a name, in any case; or, with `*`, `?` or `[`, a pattern for the whole name. What has a `/` is part of a path
    /// up to the name, or a pattern for the whole path, with its root or without. Of several, one is in the name, and the others there or in the folders above.
    pub words: Vec<String>,
    /// Only what the newest snapshot of its root no longer holds, or what has gone with its root.
    pub only_deleted: bool,
    /// Only versions last changed in this time.
    pub changed: Range<Timestamp>,
    /// Only versions that were backed up as this.
    pub class: Option<Class>,
    /// No more hits are made than this; all are counted.
    pub most: Option<usize>,
}

/// Any time at all.
const EVER: Range<Timestamp> =
    Timestamp { seconds: i64::MIN, nanoseconds: 0 }..Timestamp { seconds: i64::MAX, nanoseconds: 999_999_999 };

impl FindQuery {
    /// Whatever has this in its name.
    pub fn of(word: &str) -> Self {
        Self { words: vec![word.to_owned()], only_deleted: false, changed: EVER, class: None, most: None }
    }

    /// How many hits are made, where whatever has such a name is one.
    fn most_of_all(&self) -> Option<usize> {
        self.most.filter(|_| !self.only_deleted && self.changed == EVER && self.class.is_none())
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub struct FindOutcome {
    /// What was changed last comes first; what was changed at one time is in the order of its paths.
    pub hits: Vec<Hit>,
    /// How many there are in all.
    pub count: u64,
    /// Parts of trees that could not be read.
    pub damaged: Vec<String>,
    /// How many snapshots were searched.
    pub snapshots: usize,
    /// How the catalogue fared.
    pub keeping: Keeping,
}

/// One path on one computer, over all versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Where it is or was.
    pub path: ShownPath,
    /// What the computer is called on which that is.
    pub host: String,
    /// Another computer has a root of that name: the path alone does not say which it is.
    pub has_namesake: bool,
    /// Its versions, newest first.
    pub versions: Vec<HitVersion>,
    /// Whether the newest snapshot of its root no longer holds it, or it has gone with its root.
    pub deleted: bool,
    /// The root that was backed up in the place of its own, and does not hold it.
    pub successor: Option<Vec<u8>>,
    /// Where nobody knows whether it is still there.
    pub not_known: Option<NotKnown>,
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
    /// How many snapshots hold it.
    pub snapshots: usize,
}

/// Searches all snapshots.
pub fn find(context: &Context<'_>, opened: &Opened, query: &FindQuery) -> Result<FindOutcome, EngineError> {
    let words: Vec<Word> = query.words.iter().map(|word| Word::new(word)).collect::<Result<_, _>>()?;
    let (snapshots, _) = opened.session.snapshots();
    let ask = |catalogue: &Catalogue| {
        let answer = Answer::new(catalogue, &snapshots)?;
        Ok((answer.find(catalogue, query, &words)?, answer.damaged()))
    };
    let (((hits, count), damaged), keeping) = consult(context, opened, Wanted::Names, &ask)?;
    Ok(FindOutcome { hits, count, damaged, snapshots: snapshots.len(), keeping })
}

/// What tells one hit from another, and in which order they come: the label of its root, its path, and its computer. Two computers that
/// have a path of one name have nothing to do with each other.
type Place<'l> = (&'l [u8], TreePath, &'l str);

/// All that was found in each place.
type Paths<'l> = BTreeMap<Place<'l>, Vec<FoundVersion>>;

/// By which hits are sorted.
fn changed_last(hit: &Hit) -> Reverse<Option<Timestamp>> {
    Reverse(hit.versions.first().map(|newest| newest.modified))
}

/// By which those are sorted that were changed at one time.
fn place(hit: &Hit) -> (&[u8], &TreePath, &str) {
    (&hit.path.root, &hit.path.path, &hit.host)
}

impl Chain<'_> {
    fn place_of(&self, path: &TreePath) -> Place<'_> {
        (&self.label, path.clone(), self.computer)
    }
}

impl Answer<'_> {
    /// The hits, and how many there are.
    fn find(&self, catalogue: &Catalogue, query: &FindQuery, words: &[Word]) -> Result<(Vec<Hit>, u64), EngineError> {
        let searches = searches(self, catalogue, words)?;
        if let ([search], Some(most)) = (&searches[..], query.most_of_all())
            && search.is_by_name_alone
            && !catalogue.are_few_names(&search.parts, FEW)?
        {
            return self.find_latest(catalogue, words, search, most);
        }
        let mut paths: Paths<'_> = BTreeMap::new();
        for search in &searches {
            let word = &words[search.word];
            for found in self.found_by(catalogue, query, words, search)? {
                let Some(chain) = self.chain(found.chain) else { continue };
                let mut others = words.iter().enumerate().filter(|(other, _)| *other != search.word);
                let narrowed = others.all(|(_, other)| other.narrows(&chain.label, &found.path));
                let is_first = !search.earlier.iter().any(|earlier| earlier.fits(&chain.label, &found.path));
                if word.fits(&chain.label, &found.path) && narrowed && is_first {
                    paths.entry(chain.place_of(&found.path)).or_default().push(found);
                }
            }
        }
        let mut hits = self.hits(catalogue, paths, query)?;
        hits.sort_by_key(changed_last);
        let count = hits.len() as u64;
        hits.truncate(query.most.unwrap_or(usize::MAX));
        Ok((hits, count))
    }

    fn found_by(
        &self,
        catalogue: &Catalogue,
        query: &FindQuery,
        words: &[Word],
        search: &Search<'_>,
    ) -> Result<Vec<FoundVersion>, EngineError> {
        let fits = |name: &str| words[search.word].fits_name(name);
        let parts = &search.parts;
        // What was there to the end of a root that has vanished may be gone.
        let only_ended = query.only_deleted && self.all_chains().all(|chain| chain.afterwards.is_none());
        Ok(match &search.within {
            Some(folders) => {
                catalogue.names_in(folders, &|name| fits(name) && parts.iter().all(|part| name.contains(part)))?
            }
            None => catalogue.names(&NameQuery { parts: parts.clone(), fits: Some(&fits), only_ended })?,
        })
    }

    /// The same of names that are hits wherever they are: only the hits that were changed last are made.
    fn find_latest(
        &self,
        catalogue: &Catalogue,
        words: &[Word],
        search: &Search<'_>,
        most: usize,
    ) -> Result<(Vec<Hit>, u64), EngineError> {
        let fits = |name: &str| words[search.word].fits_name(name);
        let fits = (!words[search.word].is_part()).then_some(&fits as &dyn Fn(&str) -> bool);
        let mut latest = catalogue.latest(&NameQuery { parts: search.parts.clone(), fits, only_ended: false })?;
        let everything = FindQuery::of("");
        let mut hits: Vec<Hit> = Vec::new();
        while let Some(none_after) = latest.none_after() {
            let last = hits.get(most.saturating_sub(1)).and_then(|hit| hit.versions.first());
            if most == 0 || last.is_some_and(|newest| newest.modified >= none_after) {
                break;
            }
            let mut paths: Paths<'_> = BTreeMap::new();
            for found in latest.next_versions()? {
                if let Some(chain) = self.chain(found.chain) {
                    paths.entry(chain.place_of(&found.path)).or_default().push(found);
                }
            }
            hits.extend(self.hits(catalogue, paths, &everything)?);
            hits.sort_by(|one, other| {
                changed_last(one).cmp(&changed_last(other)).then_with(|| place(one).cmp(&place(other)))
            });
            hits.truncate(most);
        }
        Ok((hits, latest.count))
    }

    /// Those of these paths that are meant.
    fn hits(&self, catalogue: &Catalogue, paths: Paths<'_>, query: &FindQuery) -> Result<Vec<Hit>, EngineError> {
        let hits = paths.into_iter().map(|(place, found)| self.hit(catalogue, place, &found, query));
        let is_meant = |hit: &Hit| !hit.versions.is_empty() && (hit.deleted || !query.only_deleted);
        hits.filter(|hit| hit.as_ref().map_or(true, is_meant)).collect()
    }

    /// Puts the spans of one place together: equal versions become one, with the first and last snapshot that held it.
    fn hit(
        &self,
        catalogue: &Catalogue,
        (root, path, host): Place<'_>,
        found: &[FoundVersion],
        query: &FindQuery,
    ) -> Result<Hit, EngineError> {
        let mut versions: HashMap<ItemVersion, (usize, usize, usize)> = HashMap::new();
        for one in found.iter().filter(|one| query.changed.contains(&one.version.modified)) {
            let places = (self.chain(one.chain), self.place(&one.first), self.place(&one.last));
            if let (Some(chain), Some(first), Some(last)) = places
                && chain.was_of(query.class, first, last)
            {
                let span = versions.entry(one.version).or_insert((first, last, 0));
                // No snapshot of a chain is in two spans of a path, and none is in two chains of one root.
                let snapshots = span.2 + chain.numbers(first, last).len();
                *span = (span.0.min(first), span.1.max(last), snapshots);
            }
        }
        let mut versions: Vec<HitVersion> = versions
            .into_iter()
            .filter_map(|(version, (first, last, snapshots))| {
                Some(HitVersion {
                    item: ItemType::from_number(version.item)?,
                    size: version.size,
                    modified: version.modified,
                    first_seen: self.at(first),
                    last_seen: self.at(last),
                    snapshots,
                })
            })
            .collect();
        versions.sort_by_key(|version| Reverse((version.last_seen.1, version.modified)));
        let standing = self.standing_of_path(catalogue, &path, found)?;
        let last = found.iter().filter_map(|one| self.place(&one.last)).max();
        let not_known = last.and_then(|last| standing.not_known(self.at(last).1));
        let deleted = standing.is_gone() && !self.stands_for_part(&path, found);
        Ok(Hit {
            path: ShownPath { root: root.to_vec(), path },
            host: host.to_owned(),
            has_namesake: found.iter().filter_map(|one| self.chain(one.chain)).any(|chain| chain.has_namesake),
            versions,
            deleted,
            successor: standing.successor(),
            not_known,
        })
    }
}
