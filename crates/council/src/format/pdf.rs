//! PDF files: pages of text with the council's crest, and scans, which are pages made of one photograph each.

use pdf_writer::{Content, Date as PdfDate, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::{Block, Paper, Picture};
use crate::calendar::Moment;

const A4: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };
const MARGIN: f32 = 62.0;
const LINE_HEIGHT: f32 = 14.5;
const TEXT_SIZE: f32 = 10.5;
/// What fits between the margins, at the average width of a letter of Helvetica.
const LETTERS_PER_LINE: usize = 92;
const LINES_PER_PAGE: usize = 46;

const BODY_FONT: Name = Name(b"F1");
const BOLD_FONT: Name = Name(b"F2");
const IMAGE: Name = Name(b"Im1");

/// One line on a page.
struct Line {
    text: String,
    bold: bool,
}

/// Hands out the numbers of objects.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

/// What all pages of a file share.
struct Shared {
    pages: Ref,
    body_font: Ref,
    bold_font: Ref,
    crest: Option<Ref>,
}

/// Writes a paper as pages of text.
pub(crate) fn write(paper: &Paper) -> Vec<u8> {
    let lines: Vec<Line> = paper.blocks.iter().flat_map(lines_of).collect();
    let mut numbers = Numbers(0);
    let mut pdf = Pdf::new();
    let catalog = numbers.next();
    let shared = Shared {
        pages: numbers.next(),
        body_font: numbers.next(),
        bold_font: numbers.next(),
        crest: paper.letterhead.as_ref().map(|crest| write_image(&mut pdf, &mut numbers, crest, false)),
    };
    let pages: Vec<Ref> = (lines.chunks(LINES_PER_PAGE).enumerate())
        .map(|(index, lines)| text_page(&mut pdf, &mut numbers, &shared, lines, index + 1))
        .collect();
    pdf.type1_font(shared.body_font).base_font(Name(b"Helvetica")).encoding_predefined(Name(b"WinAnsiEncoding"));
    pdf.type1_font(shared.bold_font).base_font(Name(b"Helvetica-Bold")).encoding_predefined(Name(b"WinAnsiEncoding"));
    finish(pdf, &mut numbers, catalog, shared.pages, &pages, &paper.title, paper.created)
}

/// Writes a scan: one grey picture to a page.
pub(crate) fn write_scan(title: &str, created: Moment, scans: &[Picture]) -> Vec<u8> {
    let mut numbers = Numbers(0);
    let mut pdf = Pdf::new();
    let (catalog, tree) = (numbers.next(), numbers.next());
    let pages: Vec<Ref> = scans.iter().map(|scan| scan_page(&mut pdf, &mut numbers, tree, scan)).collect();
    finish(pdf, &mut numbers, catalog, tree, &pages, title, created)
}

fn finish(
    mut pdf: Pdf,
    numbers: &mut Numbers,
    catalog: Ref,
    tree: Ref,
    pages: &[Ref],
    title: &str,
    created: Moment,
) -> Vec<u8> {
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids(pages.iter().copied()).count(pages.len() as i32);
    let day = created.day();
    let date = PdfDate::new(day.year().unsigned_abs()).month(day.month().unsigned_abs()).day(day.day().unsigned_abs());
    pdf.document_info(numbers.next())
        .title(TextStr(title))
        .author(TextStr(crate::people::COUNCIL_NAME))
        .creation_date(date);
    pdf.finish()
}

fn text_page(pdf: &mut Pdf, numbers: &mut Numbers, shared: &Shared, lines: &[Line], number: usize) -> Ref {
    let (page, content) = (numbers.next(), numbers.next());
    let mut writer = pdf.page(page);
    writer.parent(shared.pages).media_box(A4).contents(content);
    let mut resources = writer.resources();
    resources.fonts().pair(BODY_FONT, shared.body_font).pair(BOLD_FONT, shared.bold_font);
    let crest = shared.crest.filter(|_| number == 1);
    if let Some(crest) = crest {
        resources.x_objects().pair(IMAGE, crest);
    }
    resources.finish();
    writer.finish();

    let drawn = draw_text(lines, number, crest.is_some());
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(&drawn, 6);
    pdf.stream(content, &packed).filter(Filter::FlateDecode);
    page
}

fn draw_text(lines: &[Line], number: usize, crest: bool) -> Vec<u8> {
    let mut content = Content::new();
    if crest {
        content.save_state().transform([70.0, 0.0, 0.0, 70.0, 262.0, 765.0]).x_object(IMAGE).restore_state();
    }
    content.begin_text().set_leading(LINE_HEIGHT).next_line(MARGIN, 745.0);
    for line in lines {
        content.set_font(if line.bold { BOLD_FONT } else { BODY_FONT }, TEXT_SIZE);
        content.show(Str(&windows_encoded(&line.text))).next_line(0.0, -LINE_HEIGHT);
    }
    content.end_text();
    content.begin_text().set_font(BODY_FONT, 8.0).next_line(285.0, 30.0);
    content.show(Str(format!("Page {number}").as_bytes())).end_text();
    content.finish().to_vec()
}

fn scan_page(pdf: &mut Pdf, numbers: &mut Numbers, tree: Ref, scan: &Picture) -> Ref {
    let image = write_image(pdf, numbers, scan, true);
    let (page, content) = (numbers.next(), numbers.next());
    let mut writer = pdf.page(page);
    writer.parent(tree).media_box(A4).contents(content);
    writer.resources().x_objects().pair(IMAGE, image);
    writer.finish();
    let mut drawing = Content::new();
    drawing.save_state().transform([595.0, 0.0, 0.0, 842.0, 0.0, 0.0]).x_object(IMAGE).restore_state();
    pdf.stream(content, &drawing.finish());
    page
}

fn write_image(pdf: &mut Pdf, numbers: &mut Numbers, picture: &Picture, grey: bool) -> Ref {
    let number = numbers.next();
    let mut image = pdf.image_xobject(number, &picture.jpeg);
    image.filter(Filter::DctDecode);
    image.width(i32::from(picture.width)).height(i32::from(picture.height));
    match grey {
        true => image.color_space().device_gray(),
        false => image.color_space().device_rgb(),
    }
    image.bits_per_component(8);
    number
}

fn lines_of(block: &Block) -> Vec<Line> {
    let (text, bold) = match block {
        Block::Title(text) | Block::Heading(text) => (text.clone(), true),
        Block::Paragraph(text) => (text.clone(), false),
        Block::Numbered(number, text) => (format!("{number}   {text}"), false),
        Block::Row(cells) => return vec![Line { text: cells.join("     "), bold: false }],
        Block::Picture(_) => return Vec::new(),
    };
    let mut lines = wrapped(&text, LETTERS_PER_LINE).into_iter().map(|text| Line { text, bold }).collect::<Vec<_>>();
    lines.push(Line { text: String::new(), bold: false });
    lines
}

/// Broken between words into lines of at most so many letters.
pub(crate) fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > letters {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

/// In the encoding that the fonts declare; letters outside it become question marks.
fn windows_encoded(text: &str) -> Vec<u8> {
    text.chars()
        .map(|letter| match letter {
            '–' => 0x96,
            '’' => 0x92,
            '…' => 0x85,
            other => u8::try_from(u32::from(other)).unwrap_or(b'?'),
        })
        .collect()
}
