//! The council's documents: what files there are (`plan`, `places`, `week`), and what is in them (`render` and the
//! rest).

pub(crate) mod books;
pub(crate) mod papers;
pub(crate) mod places;
pub(crate) mod plan;
pub(crate) mod render;
pub(crate) mod week;

use jiff::civil::Date;

use crate::calendar::{Committee, Moment};
use crate::prose::Topic;

/// A file of the council: where it is, when it was last saved, and what makes its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlannedFile {
    /// Below the documents folder, parted by `/`.
    pub path: String,
    pub modified: Moment,
    /// Names the random stream of its content; two files with the same label and content are duplicates.
    pub label: String,
    /// How often it was edited.
    pub revision: u32,
    pub content: Content,
}

/// What is in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Paper(PaperPlan),
    /// A spreadsheet, begun on that day.
    Book(Book, Date),
    Statement,
    Photograph {
        pixels: u64,
    },
    Scan {
        title: String,
        topic: Topic,
        pages: u16,
        pixels: u64,
    },
    Odd(Odd),
}

/// A paper of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PaperPlan {
    pub form: Form,
    pub format: Format,
    pub title: String,
    pub topic: Topic,
    pub date: Date,
    /// Roughly how many paragraphs it has.
    pub paragraphs: u16,
    /// A photograph within it, of so many pixels; none if zero.
    pub picture_pixels: u64,
}

/// How a paper is set out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Agenda(Committee),
    Minutes(Committee),
    Letter,
    Report,
    Policy,
    Invoice,
    Register,
}

/// What program a paper is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Word,
    Pdf,
    Text,
}

/// A spreadsheet that the clerk keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Book {
    Cash { rows: u32 },
    Budget,
    Burials { rows: u32 },
    Allotments { plots: u32 },
    Assets { rows: u32 },
    Payroll,
}

/// Files that are in every real folder and that nobody meant to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    Empty,
    OfficeLock,
    ThumbnailCache,
    DesktopSettings,
}
