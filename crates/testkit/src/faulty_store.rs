//! A store that fails as it is told to, over one that holds the truth: nothing injected here ever damages what is stored, so
//! after `heal` a test can see what the program made of it.

use crate::recording_store::{Operation, Verb};
use bytes::{Bytes, BytesMut};
use chest_model::Timestamp;
use chest_store::{AtOnce, Listed, ObjectName, ObjectStore, PutOutcome, StoreError, Stray, Version, VersionId};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

type MakeError = Arc<dyn Fn() -> StoreError + Send + Sync>;
type Choice = Box<dyn Fn(&Operation) -> bool + Send + Sync>;
type NameChoice = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// What a fault does to an operation.
#[derive(Clone)]
pub enum Effect {
    /// It fails, and nothing was done.
    Fail(MakeError),
    /// It is done, and fails all the same.
    FailAfterwards(MakeError),
    /// A put answers that nobody can tell.
    Unknown {
        /// Whether it was carried out.
        stored: bool,
    },
    /// A read has that bit (counted from the first byte's lowest, modulo the length) the other way round.
    FlipBit(u64),
    /// A read ends after so many bytes, and says nothing.
    Truncate(u64),
}

impl Effect {
    fn applies_to(&self, verb: Verb) -> bool {
        match self {
            Self::Fail(_) | Self::FailAfterwards(_) => true,
            Self::Unknown { .. } => verb == Verb::Put,
            Self::FlipBit(_) | Self::Truncate(_) => matches!(verb, Verb::Get | Verb::GetRange | Verb::GetVersion),
        }
    }

    fn on_bytes(&self, bytes: Bytes) -> Bytes {
        match self {
            Self::FlipBit(bit) if !bytes.is_empty() => {
                let bit = bit % (bytes.len() as u64 * 8);
                let mut flipped = BytesMut::from(bytes);
                flipped[(bit / 8) as usize] ^= 1 << (bit % 8);
                flipped.freeze()
            }
            Self::Truncate(length) => bytes.slice(..bytes.len().min(usize::try_from(*length).unwrap_or(usize::MAX))),
            _ => bytes,
        }
    }
}

struct Rule {
    choice: Choice,
    effect: Effect,
    left: AtomicU64,
}

impl Rule {
    fn strikes(&self, operation: &Operation) -> bool {
        self.effect.applies_to(operation.verb)
            && (self.choice)(operation)
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// Which operations fail, and how. The first rule that fits an operation strikes.
#[derive(Default)]
pub struct FaultPlan {
    rules: Vec<Rule>,
    hidden: Vec<NameChoice>,
    stale_lists: bool,
    random: Option<(u64, u8)>,
}

impl FaultPlan {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// That effect on every operation chosen, where it fits the verb.
    pub fn when(mut self, choice: impl Fn(&Operation) -> bool + Send + Sync + 'static, effect: Effect) -> Self {
        self.rules.push(Rule { choice: Box::new(choice), effect, left: AtomicU64::new(u64::MAX) });
        self
    }

    /// The N-th operation since the plan was set, counted from one, fails and does nothing.
    pub fn fail_call(self, number: u64, error: impl Fn() -> StoreError + Send + Sync + 'static) -> Self {
        self.when(move |operation| operation.number == number, Effect::Fail(Arc::new(error)))
    }

    /// Every operation chosen fails and does nothing.
    pub fn fail_when(
        self,
        choice: impl Fn(&Operation) -> bool + Send + Sync + 'static,
        error: impl Fn() -> StoreError + Send + Sync + 'static,
    ) -> Self {
        self.when(choice, Effect::Fail(Arc::new(error)))
    }

    /// Every put chosen answers `Unknown`, stored or not.
    pub fn unknown_when(self, choice: impl Fn(&Operation) -> bool + Send + Sync + 'static, stored: bool) -> Self {
        self.when(choice, Effect::Unknown { stored })
    }

    /// The rule added last strikes so often at most.
    pub fn at_most(mut self, times: u64) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            rule.left = AtomicU64::new(times);
        }
        self
    }

    /// Lists leave these names out.
    pub fn hide_from_lists(mut self, choice: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.hidden.push(Box::new(choice));
        self
    }

    /// Lists show the store as it was when the plan was set.
    pub fn stale_lists(mut self) -> Self {
        self.stale_lists = true;
        self
    }

    /// So many of a hundred operations fail by chance, done or not; puts among them also answer `Unknown`. What strikes
    /// depends on the seed, the verb, the name and how often that was asked, not on the order of threads. The seed stands
    /// in every error, and is printed where a test panics.
    pub fn random(mut self, seed: u64, percent: u8) -> Self {
        self.random = Some((seed, percent));
        self
    }

    fn random_effect(&self, operation: &Operation, repetition: u64) -> Option<Effect> {
        let (seed, percent) = self.random?;
        let mut hasher = DefaultHasher::new();
        (seed, operation.verb, &operation.name, repetition).hash(&mut hasher);
        let mut random = fastrand::Rng::with_seed(hasher.finish());
        if random.u8(0..100) >= percent {
            return None;
        }
        let error: MakeError = Arc::new(move || StoreError::Unreachable(format!("injected, seed {seed}")));
        let is_put = operation.verb == Verb::Put;
        Some(match random.u8(0..4) {
            0 => Effect::FailAfterwards(error),
            1 if is_put => Effect::Unknown { stored: true },
            2 if is_put => Effect::Unknown { stored: false },
            _ => Effect::Fail(error),
        })
    }
}

/// Fails as planned. A clone shares plan and counters.
#[derive(Clone)]
pub struct FaultyStore<S> {
    inner: S,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    current: RwLock<Arc<Current>>,
    struck: AtomicU64,
}

/// A plan with the counters that begin anew with it.
#[derive(Default)]
struct Current {
    plan: FaultPlan,
    operations: AtomicU64,
    repetitions: Mutex<HashMap<(Verb, String), u64>>,
    stale: Option<Vec<Listed>>,
}

impl Current {
    fn effect_on(&self, mut operation: Operation) -> Option<Effect> {
        operation.number = self.operations.fetch_add(1, Ordering::SeqCst) + 1;
        let rule = self.plan.rules.iter().find(|rule| rule.strikes(&operation));
        rule.map(|rule| rule.effect.clone()).or_else(|| {
            let repetition = self.count_repetition(&operation);
            self.plan.random_effect(&operation, repetition)
        })
    }

    fn count_repetition(&self, operation: &Operation) -> u64 {
        let mut repetitions = self.repetitions.lock().unwrap_or_else(PoisonError::into_inner);
        let count = repetitions.entry((operation.verb, operation.name.clone())).or_default();
        *count += 1;
        *count
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        if let Some((seed, percent)) = self.plan.random
            && std::thread::panicking()
        {
            eprintln!("faults were injected into {percent} % of operations by seed {seed}");
        }
    }
}

impl<S: ObjectStore> FaultyStore<S> {
    /// No faults yet.
    pub fn new(inner: S) -> Self {
        Self { inner, state: Arc::default() }
    }

    /// The truth.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// Fails by this plan from now on, and counts operations anew. Fails itself where lists are to be stale and the truth
    /// cannot be listed.
    pub fn set_plan(&self, plan: FaultPlan) -> Result<(), StoreError> {
        let stale = if plan.stale_lists { Some(self.inner.list("")?) } else { None };
        self.replace(Current { plan, stale, operations: AtomicU64::default(), repetitions: Mutex::default() });
        Ok(())
    }

    /// No faults any more.
    pub fn heal(&self) {
        self.replace(Current::default());
    }

    /// How many operations have been struck, under all plans.
    pub fn struck(&self) -> u64 {
        self.state.struck.load(Ordering::SeqCst)
    }

    fn replace(&self, next: Current) {
        *self.state.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    fn current(&self) -> Arc<Current> {
        self.state.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn effect_on(&self, operation: Operation) -> Option<Effect> {
        let effect = self.current().effect_on(operation);
        self.state.struck.fetch_add(u64::from(effect.is_some()), Ordering::SeqCst);
        effect
    }

    fn attempt<T>(effect: Option<&Effect>, act: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        match effect {
            Some(Effect::Fail(error)) => Err(error()),
            Some(Effect::FailAfterwards(error)) => act().and_then(|_| Err(error())),
            _ => act(),
        }
    }

    fn read(&self, operation: Operation, act: impl FnOnce() -> Result<Bytes, StoreError>) -> Result<Bytes, StoreError> {
        let effect = self.effect_on(operation);
        let bytes = Self::attempt(effect.as_ref(), act)?;
        Ok(effect.map_or(bytes.clone(), |effect| effect.on_bytes(bytes)))
    }
}

impl<S: ObjectStore> ObjectStore for FaultyStore<S> {
    fn put(&self, name: &ObjectName, bytes: Bytes) -> Result<PutOutcome, StoreError> {
        match self.effect_on(Operation::put(name, &bytes)) {
            Some(Effect::Unknown { stored: false }) => Ok(PutOutcome::Unknown),
            Some(Effect::Unknown { stored: true }) => self.inner.put(name, bytes).map(|_| PutOutcome::Unknown),
            effect => Self::attempt(effect.as_ref(), || self.inner.put(name, bytes)),
        }
    }

    fn get(&self, name: &ObjectName) -> Result<Bytes, StoreError> {
        self.read(Operation::of(Verb::Get, name.as_str()), || self.inner.get(name))
    }

    fn get_range(&self, name: &ObjectName, range: Range<u64>) -> Result<Bytes, StoreError> {
        self.read(Operation::get_range(name, &range), || self.inner.get_range(name, range))
    }

    fn list(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let effect = self.effect_on(Operation::of(Verb::List, prefix));
        let current = self.current();
        let mut listed = Self::attempt(effect.as_ref(), || match &current.stale {
            Some(stale) => Ok(stale.iter().filter(|line| line.name.as_str().starts_with(prefix)).cloned().collect()),
            None => self.inner.list(prefix),
        })?;
        listed.retain(|line| !current.plan.hidden.iter().any(|hides| hides(line.name.as_str())));
        Ok(listed)
    }

    fn versions(&self, name: &ObjectName) -> Result<Vec<Version>, StoreError> {
        let effect = self.effect_on(Operation::of(Verb::Versions, name.as_str()));
        Self::attempt(effect.as_ref(), || self.inner.versions(name))
    }

    fn get_version(&self, name: &ObjectName, version: &VersionId) -> Result<Bytes, StoreError> {
        self.read(Operation::of(Verb::GetVersion, name.as_str()), || self.inner.get_version(name, version))
    }

    fn delete_version(&self, name: &ObjectName, version: &VersionId) -> Result<(), StoreError> {
        let effect = self.effect_on(Operation::of(Verb::DeleteVersion, name.as_str()));
        Self::attempt(effect.as_ref(), || self.inner.delete_version(name, version))
    }

    fn retain_version(&self, name: &ObjectName, version: &VersionId, until: Timestamp) -> Result<(), StoreError> {
        let effect = self.effect_on(Operation::of(Verb::RetainVersion, name.as_str()));
        Self::attempt(effect.as_ref(), || self.inner.retain_version(name, version, until))
    }

    fn strays(&self) -> Result<Vec<Stray>, StoreError> {
        let effect = self.effect_on(Operation::of(Verb::Strays, ""));
        Self::attempt(effect.as_ref(), || self.inner.strays())
    }

    fn requests_at_once(&self) -> AtOnce {
        self.inner.requests_at_once()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_store::{MemoryStore, contract};

    fn name(text: &str) -> ObjectName {
        ObjectName::new(text).unwrap()
    }

    fn no_space() -> StoreError {
        StoreError::NoSpace("injected".to_owned())
    }

    fn with(plan: FaultPlan) -> FaultyStore<MemoryStore> {
        let store = FaultyStore::new(MemoryStore::new());
        let _ = store.put(&name("a/old"), Bytes::from_static(b"old")).unwrap();
        store.set_plan(plan).unwrap();
        store
    }

    fn listed(store: &FaultyStore<MemoryStore>) -> Vec<String> {
        store.list("").unwrap().into_iter().map(|line| line.name.to_string()).collect()
    }

    #[test]
    fn without_a_plan_every_promise_is_kept() {
        let extent = contract::Extent { listed_objects: 40, large_object: 1000 };
        assert_eq!(contract::check_to_extent(&FaultyStore::new(MemoryStore::new()), "scratch", extent), []);
    }

    #[test]
    fn the_chosen_calls_fail_and_do_nothing() {
        let store =
            with(FaultPlan::new().fail_call(2, no_space).fail_when(|call| call.name == "b", no_space).at_most(1));
        let put = |text| store.put(&name(text), Bytes::new());
        assert_eq!(put("c").unwrap(), PutOutcome::Done);
        assert!(matches!(put("d"), Err(StoreError::NoSpace(_))));
        assert!(matches!(put("b"), Err(StoreError::NoSpace(_))));
        assert_eq!(listed(&store), ["a/old", "c"]);
        assert_eq!(put("b").unwrap(), PutOutcome::Done);
        assert_eq!(store.struck(), 2);
    }

    #[test]
    fn an_unknown_put_is_stored_or_not_as_planned() {
        let is = |text: &'static str| move |call: &Operation| call.name == text;
        let store = with(FaultPlan::new().unknown_when(is("kept"), true).unknown_when(is("lost"), false));
        for text in ["kept", "lost"] {
            assert_eq!(store.put(&name(text), Bytes::new()).unwrap(), PutOutcome::Unknown);
        }
        assert_eq!(listed(&store), ["a/old", "kept"]);
    }

    #[test]
    fn reads_are_damaged_and_the_truth_is_not() {
        let store = with(FaultPlan::new().when(|_| true, Effect::FlipBit(9)));
        assert_eq!(store.get(&name("a/old")).unwrap(), Bytes::from_static(b"ond"));
        store.set_plan(FaultPlan::new().when(|_| true, Effect::Truncate(2))).unwrap();
        assert_eq!(store.get_range(&name("a/old"), 0..3).unwrap(), Bytes::from_static(b"ol"));
        store.heal();
        assert_eq!(store.get(&name("a/old")).unwrap(), Bytes::from_static(b"old"));
    }

    #[test]
    fn lists_hide_and_age_as_planned() {
        let store = with(FaultPlan::new().stale_lists());
        let _ = store.put(&name("a/new"), Bytes::new()).unwrap();
        assert_eq!(listed(&store), ["a/old"]);
        store.set_plan(FaultPlan::new().hide_from_lists(|name| name.ends_with("old"))).unwrap();
        assert_eq!(listed(&store), ["a/new"]);
        store.heal();
        assert_eq!(listed(&store), ["a/new", "a/old"]);
    }

    #[test]
    fn chance_strikes_the_same_calls_for_the_same_seed_in_any_order() {
        let answers = |seed, backwards: bool| {
            let store = with(FaultPlan::new().random(seed, 30));
            let mut numbers: Vec<usize> = (0..200).collect();
            if backwards {
                numbers.reverse();
            }
            let mut answers: Vec<_> = numbers
                .iter()
                .map(|number| (*number, format!("{:?}", store.put(&name(&format!("n{number}")), Bytes::new()))))
                .collect();
            answers.sort();
            (answers, store.struck())
        };
        assert_eq!(answers(1, false), answers(1, true));
        assert_ne!(answers(1, false), answers(2, false));
        let struck = answers(1, false).1;
        assert!((30..90).contains(&struck), "{struck} of 200 at 30 %");
    }
}
