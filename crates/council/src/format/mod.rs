//! The file formats in which the council keeps its papers, written as the programs that read them expect.

pub(crate) mod archive;
pub(crate) mod docx;
pub(crate) mod pdf;
pub(crate) mod picture;
pub(crate) mod text;
pub(crate) mod xlsx;
pub(crate) mod xml;

/// One piece of a paper, whatever format it ends up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    Title(String),
    Heading(String),
    Paragraph(String),
    /// A paragraph with the number that precedes it, such as a minute.
    Numbered(String, String),
    Row(Vec<String>),
    /// A JPEG and its size in pixels.
    Picture(Picture),
}

/// An encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Picture {
    pub jpeg: Vec<u8>,
    pub width: u16,
    pub height: u16,
}

/// A paper ready to be written: what it says, and what its properties say about it.
#[derive(Debug, Clone)]
pub(crate) struct Paper {
    pub title: String,
    pub author: String,
    pub created: crate::calendar::Moment,
    pub revision: u32,
    pub letterhead: Option<Picture>,
    pub blocks: Vec<Block>,
}
