//! One question about a store, what came out, and what it means for the backups.

use chest_store::StoreError;

/// What a store is good for, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fitness {
    /// Nothing speaks against it.
    Fit,
    /// Backups are right; but somebody should know this.
    Warning,
    /// Backups must not be kept there.
    Unfit,
}

/// What came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It is so.
    Yes,
    /// It is not.
    No,
    /// It could not be found out.
    Unknown,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// A stable short name, for scripts.
    pub id: &'static str,
    /// The statement that is true or not.
    pub question: &'static str,
    /// Whether it is.
    pub reply: Reply,
    /// What was seen, in a sentence; may be empty.
    pub seen: String,
    /// What it means for the backups, and what to do; may be empty.
    pub meaning: &'static str,
    /// What it makes of the store.
    pub fitness: Fitness,
}

impl Answer {
    /// It is so, and that is good.
    pub(super) fn good(id: &'static str, question: &'static str) -> Self {
        Self { id, question, reply: Reply::Yes, seen: String::new(), meaning: "", fitness: Fitness::Fit }
    }

    /// It is not so.
    pub(super) fn bad(id: &'static str, question: &'static str, fitness: Fitness, meaning: &'static str) -> Self {
        Self { id, question, reply: Reply::No, seen: String::new(), meaning, fitness }
    }

    /// The store gave no answer that could be judged.
    pub(super) fn unknown(id: &'static str, question: &'static str, error: &StoreError) -> Self {
        let meaning = "Do not rely on it; the provider's documents may say more.";
        Self { id, question, reply: Reply::Unknown, seen: error.to_string(), meaning, fitness: Fitness::Warning }
    }

    pub(super) fn seeing(self, seen: impl Into<String>) -> Self {
        Self { seen: seen.into(), ..self }
    }

    pub(super) fn meaning(self, meaning: &'static str) -> Self {
        Self { meaning, ..self }
    }
}
