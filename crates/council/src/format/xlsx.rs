//! Excel workbooks: several sheets, shared strings, numbers, dates and sums with their last computed values.

use std::collections::HashMap;
use std::fmt::Write;

use super::archive::Archive;
use super::xml::{self, DECLARATION, escaped};
use crate::calendar::{Moment, day_number, iso_time};
use jiff::civil::Date;

const SHEET: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
const MAIN_NAMESPACE: &str = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
/// Excel counts days from the last day of 1899; Unix from the first of 1970.
const EXCEL_DAY_OF_1970: i64 = 25_569;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Heading(String),
    Whole(i64),
    Pence(i64),
    Day(Date),
    /// The sum of the cells above it in the column, from the second row on, in pence.
    SumAbove(i64),
}

/// One sheet: its name and its rows.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub name: String,
    pub rows: Vec<Vec<Cell>>,
}

/// A workbook and its properties.
#[derive(Debug, Clone)]
pub(crate) struct Workbook {
    pub title: String,
    pub author: String,
    pub created: Moment,
    pub revision: u32,
    pub sheets: Vec<Sheet>,
}

/// Writes a workbook as Excel would.
pub(crate) fn write(workbook: &Workbook) -> Vec<u8> {
    let mut strings = SharedStrings::default();
    let sheets: Vec<String> = workbook.sheets.iter().map(|sheet| sheet_part(sheet, &mut strings)).collect();
    let mut archive = Archive::default();
    archive.deflate("[Content_Types].xml", content_types(sheets.len()).as_bytes());
    archive.deflate("_rels/.rels", xml::package_relationships("xl/workbook.xml").as_bytes());
    archive.deflate("xl/workbook.xml", workbook_part(workbook).as_bytes());
    archive.deflate("xl/_rels/workbook.xml.rels", workbook_relationships(sheets.len()).as_bytes());
    for (index, sheet) in sheets.iter().enumerate() {
        archive.deflate(&format!("xl/worksheets/sheet{}.xml", index + 1), sheet.as_bytes());
    }
    archive.deflate("xl/styles.xml", include_bytes!("excel_styles.xml"));
    archive.deflate("xl/sharedStrings.xml", strings.part().as_bytes());
    let created = iso_time(workbook.created);
    let core = xml::core_properties(&workbook.title, &workbook.author, &created, workbook.revision + 1);
    archive.deflate("docProps/core.xml", core.as_bytes());
    archive.deflate("docProps/app.xml", xml::application_properties("Microsoft Excel").as_bytes());
    archive.finish()
}

/// Every text once, in the order of first use, as Excel keeps them.
#[derive(Default)]
struct SharedStrings {
    places: HashMap<String, usize>,
    texts: Vec<String>,
    uses: usize,
}

impl SharedStrings {
    fn place(&mut self, text: &str) -> usize {
        self.uses += 1;
        if let Some(&place) = self.places.get(text) {
            return place;
        }
        let place = self.texts.len();
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }

    fn part(&self) -> String {
        let mut part = format!(
            "{DECLARATION}<sst \
             xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" count=\"{}\" uniqueCount=\"{}\">",
            self.uses,
            self.texts.len()
        );
        for text in &self.texts {
            // Writing to a string cannot fail.
            let _ = write!(part, "<si><t xml:space=\"preserve\">{}</t></si>", escaped(text));
        }
        part + "</sst>"
    }
}

fn sheet_part(sheet: &Sheet, strings: &mut SharedStrings) -> String {
    let mut part = format!("{DECLARATION}<worksheet {MAIN_NAMESPACE}><sheetData>");
    for (index, row) in sheet.rows.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = write!(part, "<row r=\"{}\">", index + 1);
        for (column, cell) in row.iter().enumerate() {
            let _ = write_cell(&mut part, column, index + 1, cell, strings);
        }
        part.push_str("</row>");
    }
    part + "</sheetData><pageMargins left=\"0.7\" \
            right=\"0.7\" top=\"0.75\" bottom=\"0.75\" header=\"0.3\" footer=\"0.3\"/></worksheet>"
}

fn write_cell(
    part: &mut String,
    column: usize,
    row: usize,
    cell: &Cell,
    strings: &mut SharedStrings,
) -> std::fmt::Result {
    let letter = char::from(b'A' + (column % 26) as u8);
    match cell {
        Cell::Empty => Ok(()),
        Cell::Text(text) => write!(part, "<c r=\"{letter}{row}\" t=\"s\"><v>{}</v></c>", strings.place(text)),
        Cell::Heading(text) => {
            write!(part, "<c r=\"{letter}{row}\" s=\"3\" t=\"s\"><v>{}</v></c>", strings.place(text))
        }
        Cell::Whole(number) => write!(part, "<c r=\"{letter}{row}\"><v>{number}</v></c>"),
        Cell::Pence(pence) => write!(part, "<c r=\"{letter}{row}\" s=\"1\"><v>{}</v></c>", pounds(*pence)),
        Cell::Day(day) => {
            write!(part, "<c r=\"{letter}{row}\" s=\"2\"><v>{}</v></c>", day_number(*day) + EXCEL_DAY_OF_1970)
        }
        Cell::SumAbove(pence) => write!(
            part,
            "<c r=\"{letter}{row}\" s=\"4\"><f>SUM({letter}2:{letter}{})</f><v>{}</v></c>",
            row.saturating_sub(1).max(2),
            pounds(*pence)
        ),
    }
}

/// Pounds with two decimals.
pub(crate) fn pounds(pence: i64) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", pence.abs() / 100, pence.abs() % 100)
}

fn content_types(sheets: usize) -> String {
    let [main, sheet, styles, strings] =
        ["sheet.main", "worksheet", "styles", "sharedStrings"].map(|kind| format!("{SHEET}.{kind}+xml"));
    let mut parts = vec![("xl/workbook.xml".to_owned(), main.as_str())];
    parts.extend((1..=sheets).map(|number| (format!("xl/worksheets/sheet{number}.xml"), sheet.as_str())));
    parts.push(("xl/styles.xml".to_owned(), styles.as_str()));
    parts.push(("xl/sharedStrings.xml".to_owned(), strings.as_str()));
    parts.extend(xml::property_types());
    xml::content_types(&xml::DEFAULT_TYPES, &parts)
}

fn workbook_relationships(sheets: usize) -> String {
    let mut targets: Vec<_> =
        (1..=sheets).map(|number| ("worksheet", format!("worksheets/sheet{number}.xml"))).collect();
    targets.push(("styles", "styles.xml".to_owned()));
    targets.push(("sharedStrings", "sharedStrings.xml".to_owned()));
    xml::relationships(&targets)
}

fn workbook_part(workbook: &Workbook) -> String {
    let mut part = format!("{DECLARATION}<workbook {MAIN_NAMESPACE}><sheets>");
    for (index, sheet) in workbook.sheets.iter().enumerate() {
        let (name, number) = (escaped(&sheet.name), index + 1);
        // Writing to a string cannot fail.
        let _ = write!(part, "<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"rId{number}\"/>");
    }
    part + "</sheets></workbook>"
}
