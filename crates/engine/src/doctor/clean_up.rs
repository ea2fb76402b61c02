//! The end of an examination: what it put is removed, as far as the store lets, and what is still there is told. Deletions are
//! not believed: a list is taken afterwards.

use super::scratch::{Account, Scratch, in_parallel};
use chest_store::{ObjectName, StoreError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// For how long a file is locked, to see whether the lock holds; and so how long the end waits for it.
pub(super) const LOCKED_FOR: Duration = Duration::from_secs(20);

/// How often removing begins anew because the store went away while it went on.
const MOST_CUT_SHORT: usize = 5;

const NOT_DELETED: &str = "the storage said that it was deleted, and still lists it";

/// Something that an examination put and that is not known to be gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftBehind {
    /// Its name.
    pub object: String,
    /// Why it was not removed, or why that is not known.
    pub why: String,
    /// Whether it is known to be there; else it may be.
    pub is_certain: bool,
}

pub(super) struct CleanUp<'s> {
    scratch: &'s Scratch<'s>,
    account: Account,
    began: Instant,
}

/// What could not be removed, and why.
type Kept = BTreeMap<ObjectName, String>;

impl<'s> CleanUp<'s> {
    pub(super) fn new(scratch: &'s Scratch<'s>, account: Account) -> Self {
        Self { scratch, account, began: Instant::now() }
    }

    pub(super) fn run(self) -> Vec<LeftBehind> {
        // Nothing was ever put: nothing is asked of a store that may be away.
        if self.account.made.is_empty() {
            return Vec::new();
        }
        let mut to_do = self.account.made.clone();
        let mut known = to_do.clone();
        let mut cut_short = 0;
        loop {
            let (kept, was_away) = self.remove(&to_do);
            cut_short += usize::from(was_away);
            let listed = self.scratch.list_all();
            // What was put although the store said that it was not.
            let unexpected: BTreeSet<_> =
                listed.iter().flatten().filter(|name| !known.contains(*name)).cloned().collect();
            let again = was_away && cut_short < MOST_CUT_SHORT || self.waits_for(&kept);
            if listed.is_err() || unexpected.is_empty() && (kept.is_empty() || !again) {
                return self.told(kept, listed.ok());
            }
            if unexpected.is_empty() && !was_away {
                std::thread::sleep(Duration::from_secs(1));
            }
            known.extend(unexpected.iter().cloned());
            to_do = kept.into_keys().chain(unexpected).collect();
        }
    }

    /// Whether all that is left is what the examination itself has locked, for a moment that is not over.
    fn waits_for(&self, kept: &Kept) -> bool {
        self.began.elapsed() < LOCKED_FOR && kept.keys().all(|name| self.account.locked.contains(name))
    }

    /// Removes them. Whether the store went away meanwhile, so that the rest was not tried.
    fn remove(&self, names: &BTreeSet<ObjectName>) -> (Kept, bool) {
        let names: Vec<&ObjectName> = names.iter().collect();
        let away = OnceLock::new();
        let remove = |at: usize| {
            let name: &ObjectName = names[at];
            let why = match away.get() {
                Some(why) => Some(String::clone(why)),
                None => self.scratch.remove(name).err().map(|error| {
                    let why = error.to_string();
                    if error.is_transient() || matches!(error, StoreError::Stopped) {
                        // Each further one would be waited for as long.
                        let _ = away.set(why.clone());
                    }
                    why
                }),
            };
            Ok(why.map(|why| (name.clone(), why)))
        };
        // None of them fails.
        let kept = in_parallel(names.len(), remove).unwrap_or_default();
        (kept.into_iter().flatten().collect(), away.get().is_some())
    }

    fn told(&self, kept: Kept, listed: Option<Vec<ObjectName>>) -> Vec<LeftBehind> {
        let was_stored = |name: &ObjectName| self.account.stored.contains(name);
        let mut left: BTreeMap<ObjectName, (String, bool)> = match &listed {
            None => kept.into_iter().map(|(name, why)| (name.clone(), (why, was_stored(&name)))).collect(),
            // What was deleted plainly is in no list, and an older version of it may be there.
            Some(_) => {
                let there = |name: &ObjectName| was_stored(name) || listed.iter().flatten().any(|one| one == name);
                let hidden = kept.into_iter().filter(|(name, _)| there(name));
                hidden.map(|(name, why)| (name, (why, false))).collect()
            }
        };
        for name in listed.into_iter().flatten() {
            left.entry(name).or_insert_with(|| (NOT_DELETED.to_owned(), true)).1 = true;
        }
        let told = |(name, (why, is_certain)): (ObjectName, (String, bool))| LeftBehind {
            object: name.to_string(),
            why,
            is_certain,
        };
        left.into_iter().map(told).collect()
    }
}
