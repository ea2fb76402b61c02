//! Finds files and folders by name over all versions, deleted ones too.

use super::answer::{Answer, Chain};
use super::names::Word;
use super::searches::searches;
use super::{Keeping, Wanted, consult};
use crate::browse::{ItemType, ShownPath};
use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, FoundVersion, ItemVersion, NameQuery};
use chest_model::{Class, ObjectHash, Timestamp, TreePath};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindQuery {
    /// Each a part of a name, in any case; or, with `*`, `?` or `[`, a pattern for the whole name. What has a `/` is part of a path
    /// up to the name, or a pattern for the whole path, with its root or without. Of several, one is in the name, and the others there or in the folders above.
    pub words: Vec<String>,
    /// Only what the newest snapshot of its machine and root no longer holds, or what has gone with its root.
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
    /// What was changed last comes first; what was changed at one time is in the order of its paths.
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
    /// Whether the newest snapshot of its machine and root no longer holds it, or it has gone with its root.
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
    let ((hits, damaged), keeping) = consult(context, opened, Wanted::Names, &ask)?;
    Ok(FindOutcome { hits, damaged, snapshots: snapshots.len(), keeping })
}

impl Answer<'_> {
    /// The hits.
    fn find(&self, catalogue: &Catalogue, query: &FindQuery, words: &[Word]) -> Result<Vec<Hit>, EngineError> {
        let mut paths: BTreeMap<(&[u8], TreePath), Vec<FoundVersion>> = BTreeMap::new();
        for search in searches(self, catalogue, words)? {
            let word = &words[search.word];
            let fits = |name: &str| word.fits_name(name) && search.parts.iter().all(|part| name.contains(part));
            let found = match &search.within {
                Some(folders) => catalogue.names_in(folders, &fits)?,
                None => catalogue.names(&NameQuery { parts: search.parts.clone(), fits: &fits })?,
            };
            for found in found {
                let Some(chain) = self.chain(found.chain) else { continue };
                let mut others = words.iter().enumerate().filter(|(other, _)| *other != search.word);
                let narrowed = others.all(|(_, other)| other.narrows(&chain.label, &found.path));
                let is_first = !search.earlier.iter().any(|earlier| earlier.fits(&chain.label, &found.path));
                if word.fits(&chain.label, &found.path) && narrowed && is_first && chain.is_of(query.class) {
                    paths.entry((&chain.label, found.path.clone())).or_default().push(found);
                }
            }
        }
        let hits = paths.into_iter().map(|((root, path), found)| {
            self.hit(catalogue, ShownPath { root: root.to_vec(), path }, &found, &query.changed)
        });
        let is_meant = |hit: &Hit| !hit.versions.is_empty() && (hit.deleted || !query.only_deleted);
        let mut hits: Vec<Hit> = hits.filter(|hit| hit.as_ref().map_or(true, is_meant)).collect::<Result<_, _>>()?;
        hits.sort_by_key(|hit| std::cmp::Reverse(hit.versions.first().map(|newest| newest.modified)));
        Ok(hits)
    }

    /// Puts the spans of one path together: equal versions become one, with the first and last snapshot that held it.
    fn hit(
        &self,
        catalogue: &Catalogue,
        path: ShownPath,
        found: &[FoundVersion],
        changed: &Range<Timestamp>,
    ) -> Result<Hit, EngineError> {
        let mut versions: HashMap<ItemVersion, (usize, usize, usize)> = HashMap::new();
        for one in found.iter().filter(|one| changed.contains(&one.version.modified)) {
            let places = (self.chain(one.chain), self.place(&one.first), self.place(&one.last));
            if let (Some(chain), Some(first), Some(last)) = places {
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
        versions.sort_by_key(|version| std::cmp::Reverse((version.last_seen.1, version.modified)));
        let deleted = !self.is_there(catalogue, &path, found)?;
        Ok(Hit { path, versions, deleted })
    }

    /// Whether the newest snapshot of that root of some machine holds it, or may hold it.
    fn is_there(&self, catalogue: &Catalogue, path: &ShownPath, found: &[FoundVersion]) -> Result<bool, EngineError> {
        let held = |one: &FoundVersion| self.chain(one.chain).is_some_and(|chain| chain.holds_what_is_in(&one.last));
        let unknown = |chain: &Chain<'_>| chain.label == path.root && self.hides(chain, &path.path);
        if found.iter().any(held) || self.all_chains().any(unknown) {
            return Ok(true);
        }
        for after in found.iter().filter_map(|one| self.chain(one.chain)?.afterwards.as_ref()) {
            if self.is_inherited(catalogue, after, &path.path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
