//! Tries again what may pass: a file that another program or computer holds for a moment, a cloud or a file server that does not answer at
//! once. Within bounds, for each file and for all of them: a clerk who left Word open must not find the backup still waiting in the
//! morning.

use crate::{
    AfterReading, Content, Excludes, KnownHashes, PassedOver, ReadFailure, Source, SourceError, SourceItem, Xattrs,
};
use chest_model::{Container, Hole, RootDescription, Timestamp, UnreadableReason};
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long what may pass is waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Before each further attempt at one file.
    pauses: [Duration; 3],
    /// All the waiting for one source together.
    in_all: Duration,
}

impl Patience {
    /// A cloud fetches first, and on Windows a program holds a file as long as it likes.
    const WITH_A_CLOUD: Self = Self {
        pauses: [Duration::from_secs(1), Duration::from_secs(4), Duration::from_secs(15)],
        in_all: Duration::from_secs(10 * 60),
    };
    /// A file server that lends files to other computers has one back in milliseconds, and a line that failed is soon up again,
    /// or not for long.
    const WITH_A_FOLDER: Self = Self {
        pauses: [Duration::from_millis(50), Duration::from_millis(500), Duration::from_secs(3)],
        in_all: Duration::from_secs(60),
    };
}

/// What was read before a file had to be opened again is passed over in steps of so many bytes.
const STEP: usize = 64 << 10;

/// Waits, given by the caller, so that a test of patience takes no time.
pub trait Pause: Send + Sync {
    /// Lets so much time pass.
    fn pause(&self, time: Duration);
}

/// Waits in earnest.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealPause;

impl Pause for RealPause {
    fn pause(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

impl<P: Pause + ?Sized> Pause for Arc<P> {
    fn pause(&self, time: Duration) {
        (**self).pause(time);
    }
}

/// The waiting for what may pass, of all files of one source together. Clones wait out of one store of time.
#[derive(Clone)]
pub struct Waits(Arc<Waiting>);

struct Waiting {
    pause: Box<dyn Pause>,
    pauses: [Duration; 3],
    /// What may still be waited.
    left: Mutex<Duration>,
}

impl Waits {
    /// As for the files of a folder that no cloud keeps in step.
    pub fn for_a_folder(pause: Box<dyn Pause>) -> Self {
        Self::of(pause, Patience::WITH_A_FOLDER)
    }

    fn of(pause: Box<dyn Pause>, Patience { pauses, in_all }: Patience) -> Self {
        Self(Arc::new(Waiting { pause, pauses, left: Mutex::new(in_all) }))
    }

    /// Until it succeeds, fails for good, or has been tried often enough.
    pub(crate) fn patiently<T>(&self, mut attempt: impl FnMut() -> Result<T, ReadFailure>) -> Result<T, ReadFailure> {
        for pause in self.0.pauses {
            match attempt() {
                Err(failure) if failure.may_pass && self.may_wait(pause) => self.0.pause.pause(pause),
                answer => return answer,
            }
        }
        attempt()
    }

    fn may_wait(&self, time: Duration) -> bool {
        let mut left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = left.checked_sub(time);
        *left = rest.unwrap_or(*left);
        rest.is_some()
    }
}

impl fmt::Debug for Waits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waits").finish_non_exhaustive()
    }
}

/// A source whose passing obstacles are waited for.
pub struct PatientSource<S>(Arc<Patient<S>>);

struct Patient<S> {
    inner: S,
    waits: Waits,
}

impl<S: Source> PatientSource<S> {
    /// Over a folder that a cloud keeps in step.
    pub fn with_a_cloud(inner: S, pause: Box<dyn Pause>) -> Self {
        Self::of(inner, pause, Patience::WITH_A_CLOUD)
    }

    /// Over any other folder.
    pub fn with_a_folder(inner: S, pause: Box<dyn Pause>) -> Self {
        Self::of(inner, pause, Patience::WITH_A_FOLDER)
    }

    fn of(inner: S, pause: Box<dyn Pause>, patience: Patience) -> Self {
        Self(Arc::new(Patient { inner, waits: Waits::of(pause, patience) }))
    }
}

impl<S: fmt::Debug> fmt::Debug for PatientSource<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PatientSource").field("inner", &self.0.inner).finish_non_exhaustive()
    }
}

impl<S: Source + 'static> Source for PatientSource<S> {
    fn description(&self) -> &RootDescription {
        self.0.inner.description()
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        self.0.inner.walk(visit)
    }

    fn xattrs(&self, item: &SourceItem) -> Result<Xattrs, ReadFailure> {
        self.0.waits.patiently(|| self.0.inner.xattrs(item))
    }

    fn open(&self, item: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        let content = self.0.waits.patiently(|| self.0.inner.open(item))?;
        let holes = content.holes().to_vec();
        let (source, item) = (Arc::clone(&self.0), item.clone());
        Ok(Box::new(PatientContent { source, item, holes, content: Some(content), passed: 0 }))
    }

    fn containers(&self, known: &dyn KnownHashes) -> Vec<Container> {
        self.0.inner.containers(known)
    }

    fn newest_content(&self) -> Option<Timestamp> {
        self.0.inner.newest_content()
    }

    fn passed_over(&self) -> PassedOver {
        self.0.inner.passed_over()
    }

    fn left_out_by(&self) -> Option<&Excludes> {
        self.0.inner.left_out_by()
    }
}

/// Content that is opened again where reading it meets a passing obstacle.
struct PatientContent<S> {
    source: Arc<Patient<S>>,
    item: SourceItem,
    holes: Vec<Hole>,
    /// `None` after a failure: how far it got is not known then.
    content: Option<Box<dyn Content>>,
    /// Bytes of data that the reader has.
    passed: u64,
}

impl<S: Source> PatientContent<S> {
    /// The content, at the byte that comes next.
    fn at_next(&mut self) -> Result<Box<dyn Content>, ReadFailure> {
        if let Some(content) = self.content.take() {
            return Ok(content);
        }
        let mut content = self.source.inner.open(&self.item)?;
        // That other bytes have come in the place of these shows at the end, when the file is looked at again.
        if content.holes() != self.holes || !pass(&mut *content, self.passed)? {
            let message = "it changed while it was being fetched again";
            return Err(ReadFailure::lasting(UnreadableReason::Changed, message));
        }
        Ok(content)
    }
}

/// Reads so many bytes for nobody; false where there are fewer.
fn pass(content: &mut dyn Content, mut bytes: u64) -> Result<bool, ReadFailure> {
    let mut buffer = vec![0; STEP.min(usize::try_from(bytes).unwrap_or(STEP))];
    while bytes > 0 {
        let wanted = usize::try_from(bytes).map_or(buffer.len(), |bytes| bytes.min(buffer.len()));
        match content.read(&mut buffer[..wanted])? {
            0 => return Ok(false),
            read => bytes -= read as u64,
        }
    }
    Ok(true)
}

impl<S: Source> Content for PatientContent<S> {
    fn holes(&self) -> &[Hole] {
        &self.holes
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ReadFailure> {
        let source = Arc::clone(&self.source);
        let read = source.waits.patiently(|| {
            let mut content = self.at_next()?;
            let read = content.read(buffer)?;
            self.content = Some(content);
            Ok(read)
        })?;
        self.passed += read as u64;
        Ok(read)
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> Option<io::Result<usize>> {
        self.content.as_ref()?.read_at(position, buffer)
    }

    fn finish(mut self: Box<Self>) -> Result<AfterReading, ReadFailure> {
        self.at_next()?.finish()
    }
}
