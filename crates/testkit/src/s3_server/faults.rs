//! What goes wrong with which requests: the plan, and the counters that begin anew with each plan.

use super::bucket::Objects;
use bytes::{Bytes, BytesMut};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum S3Verb {
    /// PutObject.
    Put,
    /// GetObject, a range or a version too.
    Get,
    /// HeadObject.
    Head,
    /// DeleteObject.
    Delete,
    /// ListObjectsV2: one page.
    List,
    /// ListObjectVersions: one page.
    ListVersions,
    /// PutObjectRetention.
    PutRetention,
    /// GetObjectRetention.
    GetRetention,
    /// HeadBucket, GetBucketVersioning, GetObjectLockConfiguration.
    Bucket,
    /// Anything else.
    Other,
}

/// A request, as a plan chooses by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Call {
    /// Which since the plan was set, counted from one.
    pub number: u64,
    /// What it asks for.
    pub verb: S3Verb,
    /// The key; of listings the prefix.
    pub key: String,
    /// The length of its body in bytes.
    pub length: u64,
}

/// What a fault does to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3Effect {
    /// It is answered with that status and error code, and nothing is done.
    Answer(u16, &'static str),
    /// It is done, and answered with that status and error code.
    AnswerAfterwards(u16, &'static str),
    /// The connection ends, and nothing is done.
    DropBefore,
    /// It is done, and the connection ends without an answer.
    DropAfter,
    /// It waits so long, and is then carried out.
    Stall(Duration),
    /// The connection ends after so many bytes of the answer's body.
    CutBody(u64),
    /// The body ends after so many bytes, and its Content-Length agrees.
    ShortBody(u64),
    /// Content-Length claims so many bytes more (or fewer) than there are.
    WrongLength(i64),
    /// Nothing is done; the answer is 200 with an error in its body.
    OkWithError(&'static str),
    /// The answer's body has that bit (modulo its length) the other way round.
    FlipBit(u64),
}

impl S3Effect {
    /// The provider asks to be asked less often.
    pub const SLOW_DOWN: Self = Self::Answer(503, "SlowDown");
    /// The provider has a trouble of its own.
    pub const INTERNAL_ERROR: Self = Self::Answer(500, "InternalError");
    /// The credential is not known, any more.
    pub const UNKNOWN_KEY: Self = Self::Answer(403, "InvalidAccessKeyId");

    /// The body as a client is to get it, where that is what goes wrong.
    pub(super) fn on_body(&self, body: Bytes) -> Bytes {
        match self {
            Self::FlipBit(bit) => flip(body, *bit),
            Self::ShortBody(length) | Self::CutBody(length) => {
                body.slice(..body.len().min(usize::try_from(*length).unwrap_or(usize::MAX)))
            }
            _ => body,
        }
    }
}

/// `body` with that bit (modulo its length) the other way round.
pub(super) fn flip(body: Bytes, bit: u64) -> Bytes {
    if body.is_empty() {
        return body;
    }
    let bit = bit % (body.len() as u64 * 8);
    let mut flipped = BytesMut::from(body);
    flipped[(bit / 8) as usize] ^= 1 << (bit % 8);
    flipped.freeze()
}

type Choice = Box<dyn Fn(&S3Call) -> bool + Send + Sync>;
type KeyChoice = Box<dyn Fn(&str) -> bool + Send + Sync>;

struct Rule {
    choice: Choice,
    effect: S3Effect,
    left: AtomicU64,
}

impl Rule {
    fn strikes(&self, call: &S3Call) -> bool {
        (self.choice)(call)
            && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

/// A share of the requests that something happens to.
struct Chance {
    seed: u64,
    percent: u8,
    effects: Vec<S3Effect>,
}

impl Chance {
    /// Depends on what is asked and how often, not on the order of threads.
    fn effect_on(&self, call: &S3Call, repetition: u64) -> Option<S3Effect> {
        let mut hasher = DefaultHasher::new();
        (self.seed, call.verb, &call.key, repetition).hash(&mut hasher);
        let mut random = fastrand::Rng::with_seed(hasher.finish());
        if random.u8(0..100) >= self.percent || self.effects.is_empty() {
            return None;
        }
        self.effects.get(random.usize(0..self.effects.len())).cloned()
    }
}

/// Which requests meet which fault. The first rule that fits a request strikes.
#[derive(Default)]
pub struct S3FaultPlan {
    rules: Vec<Rule>,
    hidden: Vec<KeyChoice>,
    newest_hidden: usize,
    stale_lists: bool,
    late: u64,
    chance: Option<Chance>,
}

impl S3FaultPlan {
    /// No faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// That effect on every request chosen.
    pub fn when(mut self, choice: impl Fn(&S3Call) -> bool + Send + Sync + 'static, effect: S3Effect) -> Self {
        self.rules.push(Rule { choice: Box::new(choice), effect, left: AtomicU64::new(u64::MAX) });
        self
    }

    /// That effect on every request of this kind.
    pub fn on(self, verb: S3Verb, effect: S3Effect) -> Self {
        self.when(move |call| call.verb == verb, effect)
    }

    /// That effect on the n-th request since the plan was set, counted from one.
    pub fn nth(self, number: u64, effect: S3Effect) -> Self {
        self.when(move |call| call.number == number, effect)
    }

    /// The rule added last strikes so often at most.
    pub fn at_most(mut self, times: u64) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            rule.left = AtomicU64::new(times);
        }
        self
    }

    /// The credential is refused from the n-th request on.
    pub fn refuse_credential_from(self, number: u64) -> Self {
        self.when(move |call| call.number >= number, S3Effect::UNKNOWN_KEY)
    }

    /// So many of a hundred requests meet one of these effects. What strikes depends on the seed, the verb, the key and how
    /// often that was asked. The seed is printed where a test panics.
    pub fn chance(mut self, seed: u64, percent: u8, effects: impl IntoIterator<Item = S3Effect>) -> Self {
        self.chance = Some(Chance { seed, percent, effects: effects.into_iter().collect() });
        self
    }

    /// Lists leave these keys out.
    pub fn hide_from_lists(mut self, choice: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.hidden.push(Box::new(choice));
        self
    }

    /// Lists leave out so many of the keys put last.
    pub fn hide_newest_from_lists(mut self, count: usize) -> Self {
        self.newest_hidden = count;
        self
    }

    /// Lists show the bucket as it was when the plan was set.
    pub fn stale_lists(mut self) -> Self {
        self.stale_lists = true;
        self
    }

    /// What is put shows, to reads and to lists, only after so many further requests.
    pub fn late_visibility(mut self, requests: u64) -> Self {
        self.late = requests;
        self
    }
}

/// A plan with the counters that begin anew with it.
#[derive(Default)]
pub(super) struct CurrentPlan {
    plan: S3FaultPlan,
    calls: AtomicU64,
    repetitions: Mutex<HashMap<(S3Verb, String), u64>>,
    stale: Option<Objects>,
}

impl CurrentPlan {
    fn effect_on(&self, call: &mut S3Call) -> Option<S3Effect> {
        call.number = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
        let rule = self.plan.rules.iter().find(|rule| rule.strikes(call));
        rule.map(|rule| rule.effect.clone()).or_else(|| {
            let repetition = self.count_repetition(call);
            self.plan.chance.as_ref()?.effect_on(call, repetition)
        })
    }

    fn count_repetition(&self, call: &S3Call) -> u64 {
        let mut repetitions = self.repetitions.lock().unwrap_or_else(PoisonError::into_inner);
        let count = repetitions.entry((call.verb, call.key.clone())).or_default();
        *count += 1;
        *count
    }

    /// The content that lists are made from, where it is not the present one.
    pub(super) fn stale(&self) -> Option<&Objects> {
        self.stale.as_ref()
    }

    pub(super) fn hides(&self, key: &str) -> bool {
        self.plan.hidden.iter().any(|hides| hides(key))
    }

    pub(super) fn newest_hidden(&self) -> usize {
        self.plan.newest_hidden
    }

    /// The first request that sees what is put by this one.
    pub(super) fn visible_from(&self, request: u64) -> u64 {
        if self.plan.late == 0 { 0 } else { request + self.plan.late + 1 }
    }
}

impl Drop for CurrentPlan {
    fn drop(&mut self) {
        if let Some(Chance { seed, percent, .. }) = &self.plan.chance
            && std::thread::panicking()
        {
            eprintln!("faults were injected into {percent} % of the requests by seed {seed}");
        }
    }
}

/// The plan in force, and how often it struck.
#[derive(Default)]
pub(super) struct Faults {
    current: RwLock<Arc<CurrentPlan>>,
    struck: AtomicU64,
}

impl Faults {
    pub(super) fn set(&self, plan: S3FaultPlan, present: &Objects) {
        let stale = plan.stale_lists.then(|| present.clone());
        let next = CurrentPlan { plan, stale, calls: AtomicU64::default(), repetitions: Mutex::default() };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    pub(super) fn current(&self) -> Arc<CurrentPlan> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn struck(&self) -> u64 {
        self.struck.load(Ordering::SeqCst)
    }

    /// Numbers the call and says what happens to it.
    pub(super) fn effect_on(&self, call: &mut S3Call) -> Option<S3Effect> {
        let effect = self.current().effect_on(call);
        self.struck.fetch_add(u64::from(effect.is_some()), Ordering::SeqCst);
        effect
    }
}
