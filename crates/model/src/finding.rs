//! Findings are data: what is wrong, what it means, and what to do about it.

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is wrong.
    Note,
    /// Not damage, but somebody should look.
    Warning,
    /// Something stored is damaged, missing or contradicts what was seen.
    Damage,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A stable short name, for scripts: `pack-damaged`, `history-gap` ….
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The object it is about, as named in the store; empty where there is none.
    pub object: String,
    /// What was found, in a sentence.
    pub what: String,
    /// What it means for the data.
    pub meaning: String,
    /// What to do next: a sentence or a command.
    pub remedy: String,
}
