//! Looking ahead: what an opening asks for one after another is listed and read all at once, so that a far store costs
//! two round trips instead of one for each record. A decorator: whoever reads through it need not know.

use crate::layout::Place;
use crate::parallel;
use crate::record::RecordFrame;
use bytes::Bytes;
use chest_store::{Listed, ObjectName, ObjectStore, StoreError, pass_on};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Small objects whose bytes have been held against the hash in their names: they can never be anything else, so they need
/// not be asked for again.
#[derive(Clone, Default)]
pub struct Proven {
    objects: Arc<Mutex<HashMap<ObjectName, Bytes>>>,
}

impl Proven {
    fn held(&self) -> MutexGuard<'_, HashMap<ObjectName, Bytes>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, name: &ObjectName, bytes: Bytes) {
        if Place::parse(name).is_some_and(|place| place.proves(&bytes)) {
            self.held().insert(name.clone(), bytes);
        }
    }
}

/// A store of which some listings have been taken, and the small objects in them read, a moment ago. For one look only:
/// what is listed later must be asked of the store itself.
pub struct LookAhead {
    store: Arc<dyn ObjectStore>,
    lists: BTreeMap<String, Vec<Listed>>,
    proven: Proven,
}

impl LookAhead {
    /// Lists these prefixes at once, then reads at once every record and slot among what they show.
    pub fn look(store: Arc<dyn ObjectStore>, prefixes: &[&str], proven: &Proven) -> Result<Self, StoreError> {
        let at_once = store.requests_at_once().small;
        let answers = parallel::map(prefixes, at_once, |prefix| store.list(prefix));
        let mut lists = BTreeMap::new();
        for (prefix, answer) in prefixes.iter().zip(answers) {
            lists.insert((*prefix).to_owned(), answer?);
        }
        let wanted: Vec<&ObjectName> = {
            let held = proven.held();
            let listed = lists.values().flatten().filter(|listed| is_small_metadata(listed));
            listed.map(|listed| &listed.name).filter(|name| !held.contains_key(*name)).collect()
        };
        // What cannot be had now is asked for again by whoever needs it, and told by him.
        parallel::map(&wanted, at_once, |name| {
            if let Ok(bytes) = store.get(name) {
                proven.keep(name, bytes);
            }
        });
        Ok(Self { store, lists, proven: proven.clone() })
    }
}

fn is_small_metadata(listed: &Listed) -> bool {
    let is_record = || {
        matches!(
            Place::parse(&listed.name),
            Some(Place::Owner(_) | Place::Log(..) | Place::Inventory(..) | Place::Slot(..))
        )
    };
    listed.size <= RecordFrame::MAX_LEN && is_record()
}

impl ObjectStore for LookAhead {
    pass_on!(self => self.store; put, get_range, versions, get_version, delete_version, retain_version, strays,
             requests_at_once);

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        let held = self.proven.held().get(name).cloned();
        held.map_or_else(|| self.store.get(name), Ok)
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let taken = self.lists.iter().find(|(listed, _)| prefix.starts_with(listed.as_str()));
        match taken {
            Some((_, all)) => Ok(all.iter().filter(|one| one.name.as_str().starts_with(prefix)).cloned().collect()),
            None => self.store.list(prefix),
        }
    }
}
