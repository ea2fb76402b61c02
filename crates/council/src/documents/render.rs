//! Turns a planned file into bytes. What comes out depends on the council's seed and the plan alone.

use std::sync::OnceLock;

use super::{Content, Form, Format, Odd, PaperPlan, PlannedFile, books, papers};
use crate::error::CouncilError;
use crate::format::{Block, Paper, Picture, docx, pdf, picture, text, xlsx};
use crate::people::{CLERK_NAME, COUNCIL_NAME, resident_name};
use crate::prose::{Topic, Writer};
use crate::random::Random;

/// Renders the files of one council.
pub(crate) struct Renderer {
    seed: u64,
    /// Drawn once: it is on every letterhead.
    crest: OnceLock<Picture>,
}

impl Renderer {
    pub fn new(seed: u64) -> Self {
        Self { seed, crest: OnceLock::new() }
    }

    /// The bytes of a file.
    pub fn render(&self, file: &PlannedFile) -> Result<Vec<u8>, CouncilError> {
        let mut random = Random::of(self.seed, &file.label);
        Ok(match &file.content {
            Content::Paper(plan) => self.paper(file, plan, &mut random)?,
            Content::Book(book, begun) => xlsx::write(&books::compose(*book, *begun, self.seed, file)),
            Content::Statement => text::comma_separated(&books::statement(self.seed, &file.label, file.modified.day())),
            Content::Photograph { pixels } => picture::photograph(&mut random, *pixels)?.jpeg,
            Content::Scan { title, topic, pages, pixels } => {
                let scans: Result<Vec<Picture>, _> =
                    (0..*pages).map(|_| scanned(&mut random, *topic, file, *pixels)).collect();
                pdf::write_scan(title, file.modified, &scans?)
            }
            Content::Odd(odd) => odd_bytes(*odd, &mut random),
        })
    }

    fn paper(&self, file: &PlannedFile, plan: &PaperPlan, random: &mut Random) -> Result<Vec<u8>, CouncilError> {
        let mut blocks = papers::compose(plan, self.seed, &file.label, file.revision);
        if plan.picture_pixels > 0 {
            let place = blocks.len() / 2;
            blocks.insert(place, Block::Picture(picture::photograph(random, plan.picture_pixels)?));
        }
        let (author, letterhead) = match plan.form {
            Form::Invoice => (resident_name(random), self.logo_of(&plan.title)?),
            _ => (CLERK_NAME.to_owned(), self.crest()?),
        };
        let paper = Paper {
            title: plan.title.clone(),
            author,
            created: file.modified,
            revision: file.revision,
            letterhead: Some(letterhead),
            blocks,
        };
        Ok(match plan.format {
            Format::Word => docx::write(&paper, random),
            Format::Pdf => pdf::write(&paper),
            Format::Text => text::write(&paper),
        })
    }

    /// The logo of the firm whose name begins this title: the same on all its invoices.
    fn logo_of(&self, title: &str) -> Result<Picture, CouncilError> {
        let firm = title.split(':').next().unwrap_or_default();
        Ok(picture::logo(&mut Random::of(self.seed, &format!("logo/{firm}")))?)
    }

    fn crest(&self) -> Result<Picture, CouncilError> {
        if let Some(crest) = self.crest.get() {
            return Ok(crest.clone());
        }
        let crest = picture::crest(&mut Random::of(self.seed, "crest"))?;
        Ok(self.crest.get_or_init(|| crest).clone())
    }
}

fn scanned(random: &mut Random, topic: Topic, file: &PlannedFile, pixels: u64) -> Result<Picture, CouncilError> {
    let mut lines = vec![COUNCIL_NAME.to_owned(), String::new()];
    while lines.len() < 64 {
        let paragraph = Writer::new(random, topic, file.modified.day()).paragraph(3);
        lines.extend(pdf::wrapped(&paragraph, picture::TYPED_LETTERS));
        lines.push(String::new());
    }
    Ok(picture::scanned_page(random, &lines, pixels)?)
}

fn odd_bytes(odd: Odd, random: &mut Random) -> Vec<u8> {
    match odd {
        Odd::Empty => Vec::new(),
        Odd::OfficeLock => office_lock(),
        Odd::ThumbnailCache => {
            // The signature of a compound file, then sectors.
            let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
            bytes.extend((0..1535).flat_map(|_| random.next().to_le_bytes()));
            bytes
        }
        Odd::DesktopSettings => {
            b"[.ShellClassInfo]\r\nIconResource=C:\\Windows\\System32\\SHELL32.dll,126\r\n[ViewState]\r\nMode=\r\n"
                .to_vec()
        }
    }
}

/// Word notes who has a document open: the length of the name, the name, and the name again in UTF-16.
fn office_lock() -> Vec<u8> {
    let mut bytes = vec![CLERK_NAME.len() as u8];
    bytes.extend_from_slice(CLERK_NAME.as_bytes());
    bytes.resize(55, b' ');
    bytes.push(CLERK_NAME.len() as u8);
    bytes.push(0);
    bytes.extend(CLERK_NAME.encode_utf16().flat_map(u16::to_le_bytes));
    bytes.resize(162, b' ');
    bytes
}
