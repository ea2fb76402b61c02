//! Examining a store before anything is entrusted to it: whether it keeps the promises that the backups rely on, what it adds
//! to them, and how fast it is. Everything happens below a prefix of its own, [`SCRATCH`], and is removed again.

mod abilities;
mod answer;
mod clean_up;
mod pages;
mod promises;
mod race;
mod scratch;
mod speed;

pub use answer::{Answer, Fitness, Reply};
pub use clean_up::LeftBehind;
pub use speed::Speed;

use crate::place::OpenPlace;
use crate::{Context, EngineError};
use abilities::Deletion;
use chest_model::{Phase, Progress};
use chest_repo::RepoError;
use chest_store::{Provider, StoreError};
use scratch::Scratch;
use std::time::Duration;

/// What the names of everything that an examination puts begin with. A check does not take these for strangers, and a
/// repository may be made beside them: a lock can keep them there for a while.
pub const SCRATCH: &str = "doctor/";

/// Whether an examination put an object of that name.
pub fn is_scratch(name: &str) -> bool {
    let id = name.strip_prefix(SCRATCH).and_then(|rest| rest.split_once('/')).map(|(id, _)| id);
    id.is_some_and(|id| id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// How much is put, and for how long speed is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoctorOptions {
    /// How many small objects a list must show: more than 1,000 make a bucket answer in several pages.
    pub listed_objects: usize,
    /// Length of the large object, in bytes.
    pub large_object: usize,
    /// How many put one name at the same moment.
    pub racers: usize,
    /// How often they do.
    pub rounds: usize,
    /// For how long speed is measured, in each direction.
    pub measured_for: Duration,
    /// How many bytes are sent for it at most.
    pub measured_bytes: u64,
}

impl DoctorOptions {
    /// For a bucket: its lists come in pages, and a pack is on its way for a while.
    pub const BUCKET: Self = Self {
        listed_objects: 1_100,
        large_object: 16 << 20,
        racers: 32,
        rounds: 4,
        measured_for: Duration::from_secs(8),
        measured_bytes: 64 << 20,
    };

    /// For a folder: its lists have no pages, and every file waits for the disk.
    pub const FOLDER: Self = Self { listed_objects: 100, ..Self::BUCKET };

    /// Where nothing can be removed again: as little as still shows something.
    const LASTING: Self = Self { listed_objects: 10, large_object: 1 << 20, measured_bytes: 4 << 20, ..Self::BUCKET };

    /// How many objects are put at most, and about how many bytes.
    pub fn plan(&self) -> DoctorPlan {
        let contract = 120;
        let measured = self.measured_bytes / speed::OBJECT as u64;
        let objects = (self.listed_objects + self.rounds + contract) as u64 + measured;
        DoctorPlan { objects, bytes: self.measured_bytes + self.large_object as u64 + (2 << 20) }
    }
}

/// What an examination will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoctorPlan {
    /// How many objects it puts at most.
    pub objects: u64,
    /// How many bytes it sends at most, and receives about as many.
    pub bytes: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct DoctorOutcome {
    /// One for each question.
    pub answers: Vec<Answer>,
    /// How fast it is.
    pub speed: Speed,
    /// What could not be removed again, or is not known to be gone.
    pub left_behind: Vec<LeftBehind>,
}

/// An examination that did not come to its end: that says nothing about the store.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct ExaminationFailed {
    /// What ended it.
    #[source]
    pub error: EngineError,
    /// What could not be removed again, or is not known to be gone.
    pub left_behind: Vec<LeftBehind>,
}

impl From<EngineError> for ExaminationFailed {
    /// Before anything was put.
    fn from(error: EngineError) -> Self {
        Self { error, left_behind: Vec::new() }
    }
}

impl DoctorOutcome {
    /// The worst of all answers.
    pub fn verdict(&self) -> Fitness {
        self.answers.iter().map(|answer| answer.fitness).max().unwrap_or(Fitness::Fit)
    }
}

/// Examines the store.
pub fn examine(
    context: &Context<'_>,
    place: &OpenPlace,
    options: &DoctorOptions,
) -> Result<DoctorOutcome, ExaminationFailed> {
    let provider = place.provider();
    let scratch = Scratch::new(&*context.store, context.environment)?;
    context.monitor.progress(Progress::Begin { phase: Phase::Examining, items: 0, bytes: 0 });
    let examined = Examination { context, provider, scratch: &scratch }.run(options);
    // Whatever went wrong: nothing of ours is to stay, or to stay unmentioned.
    let left_behind = scratch.clean_up();
    place.remove_empty_folders(SCRATCH.trim_end_matches('/'));
    context.monitor.progress(Progress::End);
    match examined {
        Ok((answers, speed)) => Ok(DoctorOutcome { answers, speed, left_behind }),
        Err(error) => Err(ExaminationFailed { error, left_behind }),
    }
}

/// What every question is asked with.
#[derive(Clone, Copy)]
struct Examination<'e> {
    context: &'e Context<'e>,
    provider: Option<&'e dyn Provider>,
    scratch: &'e Scratch<'e>,
}

impl Examination<'_> {
    fn run(self, options: &DoctorOptions) -> Result<(Vec<Answer>, Speed), EngineError> {
        // What goes wrong here is no property of the store: the bucket is missing, the key is wrong.
        let deletion = abilities::try_deletion(self)?;
        let options = if deletion == Deletion::ForGood { options } else { &DoctorOptions::LASTING };
        let mut answers = promises::kept(self, options)?;
        let mut ask = |question: Question| -> Result<(), EngineError> {
            if self.context.monitor.cancelled() {
                return Err(EngineError::Interrupted);
            }
            match (question.ask)(self, options) {
                Ok(answer) => answers.extend(answer),
                Err(error) => {
                    // Told from a disturbance of this one request: does it still answer?
                    self.scratch.is_reachable().map_err(RepoError::from)?;
                    answers.push(Answer::unknown(question.id, question.text, &error));
                }
            }
            Ok(())
        };
        for question in QUESTIONS {
            ask(question)?;
        }
        answers.push(abilities::deletion(self, deletion));
        let speed = speed::measure(self, options).map_err(RepoError::from)?;
        Ok((answers, speed))
    }
}

/// One thing to find out.
#[derive(Clone, Copy)]
struct Question {
    id: &'static str,
    text: &'static str,
    /// `None` where the question makes no sense for this store.
    ask: fn(Examination<'_>, &DoctorOptions) -> Result<Option<Answer>, StoreError>,
}

const QUESTIONS: [Question; 7] = [
    Question { id: "complete-lists", text: pages::TEXT, ask: pages::complete_lists },
    Question { id: "seen-at-once", text: pages::AT_ONCE, ask: pages::seen_at_once },
    Question { id: "checksums", text: abilities::CHECKSUMS, ask: abilities::checksums },
    Question { id: "conditional-create", text: race::TEXT, ask: race::conditional_create },
    Question { id: "versions", text: abilities::VERSIONS, ask: abilities::versions },
    Question { id: "object-lock", text: abilities::LOCK, ask: abilities::object_lock },
    Question { id: "clock", text: abilities::CLOCK, ask: abilities::clock },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_examination_names_is_taken_for_its_own() {
        assert!(is_scratch("doctor/0123456789abcdef/first"));
        for name in ["doctor/notes", "doctor/letters/a", "doctor/0123456789abcdef", "packs/doctor/0123456789abcdef/x"] {
            assert!(!is_scratch(name), "{name}");
        }
    }
}
