//! Word documents: the parts that Word itself writes for a plain paper with styles, a letterhead, tables and pictures.

use std::fmt::Write;

use super::archive::Archive;
use super::xml::{self, DECLARATION, escaped};
use super::{Block, Paper, Picture};
use crate::calendar::iso_time;
use crate::random::Random;

const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
    xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\" \
    xmlns:a=\"http://schemas.openxmlformats.org/drawingml/2006/main\" \
    xmlns:pic=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"";
const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";
/// Drawings are measured in these: so many to a centimetre.
const EMU_PER_CENTIMETRE: u64 = 360_000;

/// Writes a paper as Word would. The random stream only stands for Word's marks of editing sessions.
pub(crate) fn write(paper: &Paper, random: &mut Random) -> Vec<u8> {
    let mut archive = Archive::default();
    let pictures: Vec<&Picture> = paper.blocks.iter().filter_map(picture_of).collect();
    archive.deflate("[Content_Types].xml", content_types(paper).as_bytes());
    archive.deflate("_rels/.rels", xml::package_relationships("word/document.xml").as_bytes());
    archive.deflate("word/document.xml", document(paper, random).as_bytes());
    archive.deflate("word/_rels/document.xml.rels", document_relationships(paper, pictures.len()).as_bytes());
    archive.deflate("word/styles.xml", include_bytes!("word_styles.xml"));
    archive.deflate("word/settings.xml", settings(random).as_bytes());
    if let Some(letterhead) = &paper.letterhead {
        archive.deflate("word/header1.xml", header(letterhead).as_bytes());
        let targets = [("image", "media/letterhead.jpeg".to_owned())];
        archive.deflate("word/_rels/header1.xml.rels", xml::relationships(&targets).as_bytes());
        archive.store("word/media/letterhead.jpeg", &letterhead.jpeg);
    }
    for (index, picture) in pictures.iter().enumerate() {
        archive.store(&format!("word/media/image{}.jpeg", index + 1), &picture.jpeg);
    }
    let created = iso_time(paper.created);
    let core = xml::core_properties(&paper.title, &paper.author, &created, paper.revision + 1);
    archive.deflate("docProps/core.xml", core.as_bytes());
    archive.deflate("docProps/app.xml", xml::application_properties("Microsoft Office Word").as_bytes());
    archive.finish()
}

fn picture_of(block: &Block) -> Option<&Picture> {
    match block {
        Block::Picture(picture) => Some(picture),
        _ => None,
    }
}

fn content_types(paper: &Paper) -> String {
    let main = format!("{WORD}.document.main+xml");
    let (styles, settings, header) =
        (format!("{WORD}.styles+xml"), format!("{WORD}.settings+xml"), format!("{WORD}.header+xml"));
    let mut parts = vec![
        ("word/document.xml".to_owned(), main.as_str()),
        ("word/styles.xml".to_owned(), styles.as_str()),
        ("word/settings.xml".to_owned(), settings.as_str()),
    ];
    if paper.letterhead.is_some() {
        parts.push(("word/header1.xml".to_owned(), header.as_str()));
    }
    parts.extend(xml::property_types());
    xml::content_types(&xml::DEFAULT_TYPES, &parts)
}

fn document_relationships(paper: &Paper, pictures: usize) -> String {
    let mut targets = vec![("styles", "styles.xml".to_owned()), ("settings", "settings.xml".to_owned())];
    targets.extend((1..=pictures).map(|number| ("image", format!("media/image{number}.jpeg"))));
    if paper.letterhead.is_some() {
        targets.push(("header", "header1.xml".to_owned()));
    }
    xml::relationships(&targets)
}

fn settings(random: &mut Random) -> String {
    let sessions: String =
        (0..random.between(2, 9)).map(|_| format!("<w:rsid w:val=\"{}\"/>", session(random))).collect();
    format!(
        "{DECLARATION}<w:settings {NAMESPACES}><w:zoom w:percent=\"100\"/><w:defaultTabStop w:val=\"720\"/>\
         <w:rsids>{sessions}</w:rsids></w:settings>"
    )
}

/// Word marks what was typed in one sitting with a number like this.
fn session(random: &mut Random) -> String {
    format!("00{:06X}", random.below(1 << 24))
}

fn document(paper: &Paper, random: &mut Random) -> String {
    let mut body = String::with_capacity(64 * 1024);
    let mut pictures = 0;
    let mut sitting = session(random);
    let mut blocks = paper.blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        if random.chance(12) {
            sitting = session(random);
        }
        // Writing to a string cannot fail.
        let _ = match block {
            Block::Title(text) => paragraph(&mut body, &sitting, Some("Title"), text),
            Block::Heading(text) => paragraph(&mut body, &sitting, Some("Heading1"), text),
            Block::Paragraph(text) => paragraph(&mut body, &sitting, None, text),
            Block::Numbered(number, text) => {
                paragraph(&mut body, &sitting, Some("ListParagraph"), &format!("{number}\t{text}"))
            }
            Block::Row(cells) => {
                let first = vec![cells];
                let rows = std::iter::from_fn(|| match blocks.next_if(|next| matches!(next, Block::Row(_))) {
                    Some(Block::Row(cells)) => Some(cells),
                    _ => None,
                });
                table(&mut body, &sitting, &first.into_iter().chain(rows).collect::<Vec<_>>())
            }
            Block::Picture(picture) => {
                pictures += 1;
                let drawing = drawing(picture, pictures + 2, pictures, 15);
                write!(body, "<w:p w:rsidR=\"{sitting}\"><w:r>{drawing}</w:r></w:p>")
            }
        };
    }
    let header = match paper.letterhead {
        Some(_) => format!("<w:headerReference w:type=\"default\" r:id=\"rId{}\"/>", pictures + 3),
        None => String::new(),
    };
    format!(
        "{DECLARATION}<w:document {NAMESPACES}><w:body>{body}<w:sectPr w:rsidR=\"{sitting}\">{header}\
         <w:pgSz w:w=\"11906\" w:h=\"16838\"/>\
         <w:pgMar w:top=\"1440\" w:right=\"1440\" w:bottom=\"1440\" w:left=\"1440\" \
         w:header=\"708\" w:footer=\"708\" w:gutter=\"0\"/></w:sectPr></w:body></w:document>"
    )
}

fn paragraph(body: &mut String, sitting: &str, style: Option<&str>, text: &str) -> std::fmt::Result {
    write!(body, "<w:p w:rsidR=\"{sitting}\" w:rsidRDefault=\"{sitting}\">")?;
    if let Some(style) = style {
        write!(body, "<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>")?;
    }
    for (index, run) in text.split('\t').enumerate() {
        let tab = if index > 0 { "<w:tab/>" } else { "" };
        write!(body, "<w:r>{tab}<w:t xml:space=\"preserve\">{}</w:t></w:r>", escaped(run))?;
    }
    write!(body, "</w:p>")
}

fn table(body: &mut String, sitting: &str, rows: &[&Vec<String>]) -> std::fmt::Result {
    let columns = rows.iter().map(|cells| cells.len()).max().unwrap_or(1);
    let width = 9026 / columns.max(1);
    write!(
        body,
        "<w:tbl><w:tblPr><w:tblStyle w:val=\"TableGrid\"/><w:tblW w:w=\"0\" w:type=\"auto\"/></w:tblPr><w:tblGrid>"
    )?;
    for _ in 0..columns {
        write!(body, "<w:gridCol w:w=\"{width}\"/>")?;
    }
    write!(body, "</w:tblGrid>")?;
    for cells in rows {
        write!(body, "<w:tr w:rsidR=\"{sitting}\">")?;
        for cell in *cells {
            write!(body, "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>")?;
            paragraph(body, sitting, None, cell)?;
            write!(body, "</w:tc>")?;
        }
        write!(body, "</w:tr>")?;
    }
    // Word insists on a paragraph after a table.
    write!(body, "</w:tbl><w:p w:rsidR=\"{sitting}\"/>")
}

fn header(letterhead: &Picture) -> String {
    let drawing = drawing(letterhead, 1, 900, 4);
    let (name, address) = (escaped(crate::people::COUNCIL_NAME), escaped(crate::people::COUNCIL_ADDRESS));
    format!(
        "{DECLARATION}<w:hdr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr><w:r>{drawing}</w:r></w:p>\
         <w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr><w:r><w:t>{name}</w:t></w:r></w:p>\
         <w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr><w:r><w:t>{address}</w:t></w:r></w:p></w:hdr>"
    )
}

/// A picture in the text, as wide as so many centimetres.
fn drawing(picture: &Picture, relationship: u64, id: u64, centimetres: u64) -> String {
    let width = centimetres * EMU_PER_CENTIMETRE;
    let height = width * u64::from(picture.height) / u64::from(picture.width.max(1));
    format!(
        "<w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\">\
         <wp:extent cx=\"{width}\" cy=\"{height}\"/>\
         <wp:docPr id=\"{id}\" name=\"Picture {id}\"/><a:graphic><a:graphicData \
         uri=\"http://schemas.openxmlformats.org/drawingml/2006/picture\"><pic:pic><pic:nvPicPr>\
         <pic:cNvPr id=\"{id}\" name=\"Picture {id}\"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill>\
         <a:blip r:embed=\"rId{relationship}\"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm>\
         <a:off x=\"0\" y=\"0\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm><a:prstGeom prst=\"rect\"><a:avLst/>\
         </a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
}
