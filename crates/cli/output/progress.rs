//! Progress on standard error. The operation only counts; a thread of its own looks at the counts now and then and shows them,
//! so that watching costs the operation nothing.

mod bar;
mod lines;
mod words;

use crate::interrupt::Interrupt;
use crate::settings::ProgressShown;
use bar::Bar;
use chest_engine::store::retry::{RetryMonitor, Silence, Waiting};
use chest_model::{Monitor, Phase, Progress};
use lines::{JsonLines, PlainLines};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the counts are looked at.
const GLANCE: Duration = Duration::from_millis(200);

/// The counts of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Items done, and known.
    pub items: (u64, u64),
    /// Bytes done, and known.
    pub bytes: (u64, u64),
    /// Bytes sent to the store.
    pub sent: u64,
}

/// Shows a phase's counts.
trait Display: Send {
    /// Called now and then while a phase lasts; `age` is how long it has.
    fn show(&mut self, phase: Phase, counts: Counts, age: Duration);
    /// The phase is over.
    fn end(&mut self, phase: Phase, counts: Counts);
    /// Called now and then while the storage does not answer.
    fn away(&mut self, outage: &Outage);
    /// It answers again.
    fn back(&mut self);
}

/// The storage does not answer.
#[derive(Debug, Clone)]
struct Outage {
    what: String,
    since: Instant,
    gives_up: Instant,
}

impl Outage {
    fn time_left(&self) -> Duration {
        self.gives_up.saturating_duration_since(Instant::now())
    }
}

/// What ends sooner is nobody's concern.
const WORTH_TELLING: Duration = Duration::from_secs(3);

/// Counts, and asks to stop when somebody pressed Ctrl-C.
pub struct Meter {
    shared: Arc<Shared>,
    interrupt: Interrupt,
    shower: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    phase: Mutex<Option<(Phase, Instant)>>,
    phase_ended: Condvar,
    outage: Mutex<Option<Outage>>,
    over: AtomicBool,
    items: AtomicU64,
    items_known: AtomicU64,
    bytes: AtomicU64,
    bytes_known: AtomicU64,
    sent: AtomicU64,
}

impl Meter {
    /// Begins to watch.
    pub fn new(shown: ProgressShown, interrupt: Interrupt) -> Self {
        let shared = Arc::new(Shared::default());
        let display: Option<Box<dyn Display>> = match shown {
            ProgressShown::Bar => Some(Box::new(Bar::default())),
            ProgressShown::Lines => Some(Box::new(PlainLines::default())),
            ProgressShown::Json => Some(Box::new(JsonLines::default())),
            ProgressShown::Nothing => None,
        };
        let shower = display.and_then(|display| {
            let shared = shared.clone();
            // Without a thread nothing is shown: the operation goes on.
            std::thread::Builder::new().name("progress".to_owned()).spawn(move || shared.show(display)).ok()
        });
        Self { shared, interrupt, shower: Mutex::new(shower) }
    }

    /// Watches the storage being waited for, and ends the wait at Ctrl-C.
    pub fn storage_watch(&self) -> impl RetryMonitor + 'static {
        StorageWatch { shared: self.shared.clone(), interrupt: self.interrupt.clone() }
    }

    /// Clears what is shown; from now on nothing is.
    pub fn finish(&self) {
        self.shared.over.store(true, Ordering::Release);
        *self.shared.phase() = None;
        self.shared.phase_ended.notify_all();
        let shower = self.shower.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(shower) = shower {
            let _ = shower.join();
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.finish();
    }
}

impl Monitor for Meter {
    fn progress(&self, progress: Progress) {
        let shared = &self.shared;
        match progress {
            Progress::Begin { phase, items, bytes } => shared.begin(phase, items, bytes),
            Progress::Found { items, bytes } => {
                shared.items_known.fetch_add(items, Ordering::Relaxed);
                shared.bytes_known.fetch_add(bytes, Ordering::Relaxed);
            }
            Progress::Done { items, bytes } => {
                shared.items.fetch_add(items, Ordering::Relaxed);
                shared.bytes.fetch_add(bytes, Ordering::Relaxed);
            }
            Progress::Sent { bytes } => {
                shared.sent.fetch_add(bytes, Ordering::Relaxed);
            }
            Progress::End => {
                *shared.phase() = None;
                shared.phase_ended.notify_all();
            }
        }
    }

    fn cancelled(&self) -> bool {
        self.interrupt.is_asked()
    }
}

struct StorageWatch {
    shared: Arc<Shared>,
    interrupt: Interrupt,
}

impl RetryMonitor for StorageWatch {
    fn is_cancelled(&self) -> bool {
        self.interrupt.is_asked()
    }

    fn waiting(&self, waiting: &Waiting<'_>) {
        let (now, mut outage) = (Instant::now(), self.shared.outage());
        let since = outage.as_ref().map_or(now, |outage| outage.since);
        *outage = Some(Outage { what: waiting.error.to_string(), since, gives_up: now + waiting.patience });
    }

    fn silent(&self, silence: &Silence) {
        let (now, mut outage) = (Instant::now(), self.shared.outage());
        let began = now.checked_sub(silence.lasted).unwrap_or(now);
        let since = outage.as_ref().map_or(began, |outage| outage.since);
        let what = format!("no byte has come or gone for {} seconds", silence.lasted.as_secs());
        *outage = Some(Outage { what, since, gives_up: now + silence.patience });
    }

    fn recovered(&self) {
        *self.shared.outage() = None;
    }
}

impl Shared {
    fn outage(&self) -> MutexGuard<'_, Option<Outage>> {
        self.outage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn phase(&self) -> MutexGuard<'_, Option<(Phase, Instant)>> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, phase: Phase, items: u64, bytes: u64) {
        let mut current = self.phase();
        self.items.store(0, Ordering::Relaxed);
        self.bytes.store(0, Ordering::Relaxed);
        self.sent.store(0, Ordering::Relaxed);
        self.items_known.store(items, Ordering::Relaxed);
        self.bytes_known.store(bytes, Ordering::Relaxed);
        *current = Some((phase, Instant::now()));
    }

    fn counts(&self) -> Counts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            items: (load(&self.items), load(&self.items_known)),
            bytes: (load(&self.bytes), load(&self.bytes_known)),
            sent: load(&self.sent),
        }
    }

    fn show(&self, mut display: Box<dyn Display>) {
        let mut shown: Option<(Phase, Instant)> = None;
        let mut counts = Counts::default();
        let mut is_away = false;
        while !self.over.load(Ordering::Acquire) {
            let now = {
                let guard = self.phase();
                let (guard, _) = self.phase_ended.wait_timeout(guard, GLANCE).unwrap_or_else(PoisonError::into_inner);
                *guard
            };
            if let Some((phase, _)) = shown.filter(|shown| Some(*shown) != now) {
                display.end(phase, counts);
            }
            counts = self.counts();
            shown = now;
            let outage = self.outage().clone().filter(|outage| outage.since.elapsed() >= WORTH_TELLING);
            match &outage {
                Some(outage) => display.away(outage),
                None if is_away => display.back(),
                None => {}
            }
            is_away = outage.is_some();
            if let Some((phase, began)) = now.filter(|_| !is_away) {
                display.show(phase, counts, began.elapsed());
            }
        }
        if let Some((phase, _)) = shown {
            display.end(phase, self.counts());
        }
    }
}

/// What a phase is called on the screen.
fn called(phase: Phase) -> &'static str {
    match phase {
        Phase::Unlocking => "Unlocking",
        Phase::Opening => "Verifying the history",
        Phase::LoadingIndex => "Reading the index",
        Phase::BackingUp => "Backing up",
        Phase::Committing => "Recording the backup",
        Phase::Planning => "Planning",
        Phase::Restoring => "Restoring",
        Phase::CheckingTrees => "Going through the lists of files",
        Phase::Cataloguing => "Filling the search catalogue",
        Phase::ReadingMail => "Reading mailboxes for the search",
        Phase::CheckingData => "Reading stored content",
        Phase::TakingUp => "Reading what this computer stored before",
        Phase::Examining => "Trying out the storage",
    }
}
