//! Which files the council has, worked out before any of them is written: so much for photographs, so much for scans,
//! the rest for the routine of the office.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::places::{Filing, Routine};
use super::{Book, Content, Form, Format, Odd, PlannedFile};
use crate::calendar::{
    Moment, YEARS_KEPT, days_before, financial_year, financial_year_start, meetings_before, next_meeting, working_day,
};
use crate::format::picture::{BYTES_PER_PHOTOGRAPH_PIXEL, LOGO_PIXELS, scan_bytes, scan_pixels};
use crate::random::Random;

const KIBIBYTE: u64 = 1024;
const MEBIBYTE: u64 = 1024 * KIBIBYTE;
/// What a document of the office's routine comes to, on average; only the spacing of dates depends on it.
const ROUTINE_BYTES: u64 = 27 * KIBIBYTE;

/// All files of the council at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plan {
    pub files: BTreeMap<String, PlannedFile>,
    /// Folders with nothing in them.
    pub empty_folders: BTreeSet<String>,
    /// The largest photograph, in pixels.
    pub photograph_pixels: u64,
    /// The largest photograph within a paper, in pixels.
    pub picture_pixels: u64,
}

impl Plan {
    /// The council of this seed at the end of this day, with documents of about so many bytes.
    pub fn base(seed: u64, bytes: u64, last_day: Date) -> Self {
        let photograph_pixels = pixels((bytes / 40).clamp(48 * KIBIBYTE, 4 * MEBIBYTE), BYTES_PER_PHOTOGRAPH_PIXEL);
        let picture_pixels = pixels((bytes / 150).clamp(16 * KIBIBYTE, 420 * KIBIBYTE), BYTES_PER_PHOTOGRAPH_PIXEL);
        let filing = Filing { seed, picture_pixels };
        let empty_folders = ["Minutes/2027", "Projects/Edge Bridge footbridge/To do", "Scans to sort"];
        let plan = Self {
            files: BTreeMap::new(),
            empty_folders: empty_folders.map(str::to_owned).into(),
            photograph_pixels,
            picture_pixels,
        };
        let mut planner = Planner { plan, filing, bytes, last_day, random: Random::of(seed, "plan"), planned: 0 };
        planner.essentials();
        planner.oddities();
        planner.archive(bytes * 16 / 100);
        planner.scans(bytes * 14 / 100);
        planner.routine(bytes * 36 / 100);
        planner.duplicates(bytes * 4 / 100);
        planner.photographs();
        planner.plan
    }

    /// Puts a file in its place; one of the same name there makes it "name (2)".
    pub fn insert(&mut self, mut file: PlannedFile) -> PlannedFile {
        let wanted = file.path.clone();
        let mut number = 2;
        while self.files.contains_key(&file.path) {
            file.path = numbered(&wanted, number);
            number += 1;
        }
        if file.path != wanted && file.label == wanted {
            file.label.clone_from(&file.path);
        }
        self.files.insert(file.path.clone(), file.clone());
        file
    }
}

fn pixels(bytes: u64, bytes_per_pixel: f64) -> u64 {
    (bytes as f64 / bytes_per_pixel) as u64
}

fn numbered(path: &str, number: u32) -> String {
    match path.rsplit_once('.') {
        Some((stem, ending)) => format!("{stem} ({number}).{ending}"),
        None => format!("{path} ({number})"),
    }
}

struct Planner {
    plan: Plan,
    filing: Filing,
    bytes: u64,
    last_day: Date,
    random: Random,
    planned: u64,
}

impl Planner {
    fn add(&mut self, file: PlannedFile) {
        self.planned += estimate(&file.content);
        self.plan.insert(file);
    }

    fn years(&self) -> i64 {
        (self.bytes / (8 * MEBIBYTE)).clamp(1, YEARS_KEPT as u64 - 1) as i64
    }

    /// What every council has, however small: the registers, the books, the policies in force.
    fn essentials(&mut self) {
        let day = self.last_day;
        let rows = (self.bytes / (100 * KIBIBYTE)).clamp(30, 3000) as u32;
        let register = |name: &str, book| (name.to_owned(), book);
        for (path, book) in [
            register("Burials/Burial register.xlsx", Book::Burials { rows }),
            register("Allotments/Rents and waiting list.xlsx", Book::Allotments { plots: rows.min(64) }),
            register("Finance/Asset register.xlsx", Book::Assets { rows: rows.min(160) }),
        ] {
            self.add(self.filing.book(path, days_before(day, 9), book));
        }
        for year in 0..=self.years() {
            self.books_of(days_before(day, year * 365), year == 0);
        }
        for name in POLICIES.iter().take((self.bytes / (150 * KIBIBYTE)).clamp(3, 20) as usize) {
            let adopted = days_before(day, self.random.between(20, 900) as i64);
            self.add(self.filing.policy(name, adopted));
        }
        let (date, committee) = next_meeting(crate::calendar::days_after(day, 1));
        self.add(self.filing.agenda(date, committee));
    }

    fn books_of(&mut self, day: Date, current: bool) {
        let folder = format!("Finance/{}", financial_year(day));
        let start = financial_year_start(day);
        let saved = if current { day } else { crate::calendar::days_after(start, 364) };
        let weeks = (crate::calendar::day_number(saved) - crate::calendar::day_number(start)) / 7;
        let rows = weeks as u32 * super::books::CASH_ROWS_PER_WEEK;
        self.add(self.filing.book(format!("{folder}/Cash book.xlsx"), saved, Book::Cash { rows }));
        self.add(self.filing.book(format!("{folder}/Budget.xlsx"), saved, Book::Budget));
        self.add(self.filing.book(
            format!("Personnel/Payroll/Payroll {}.xlsx", financial_year(day)),
            saved,
            Book::Payroll,
        ));
    }

    /// What every real folder has and nobody meant to keep.
    fn oddities(&mut self) {
        for (path, odd) in [
            ("Correspondence/New Text Document.txt", Odd::Empty),
            ("Minutes/~$lock.docx", Odd::OfficeLock),
            ("Photographs/Thumbs.db", Odd::ThumbnailCache),
            ("desktop.ini", Odd::DesktopSettings),
        ] {
            let modified = Moment::evening_of(days_before(self.last_day, 100));
            let path = path.to_owned();
            self.add(PlannedFile { label: path.clone(), path, modified, revision: 0, content: Content::Odd(odd) });
        }
    }

    /// A few very large scans of old books and maps.
    fn archive(&mut self, budget: u64) {
        let largest = (self.bytes / 18).clamp(120 * KIBIBYTE, 30 * MEBIBYTE);
        let end = self.planned + budget;
        for number in 0.. {
            let bytes = self.random.between(largest / 3, largest).min(end.saturating_sub(self.planned));
            if bytes < largest / 6 {
                break;
            }
            let pages = (bytes / (700 * KIBIBYTE)).clamp(1, 40);
            let date = days_before(self.last_day, self.random.between(200, 2500) as i64);
            let scan = self.filing.archive_scan(date, number, pages as u16, scan_pixels(bytes / pages));
            self.add(scan);
        }
    }

    /// Many scans of a page or two: signed minutes first, then post, plans and receipts.
    fn scans(&mut self, budget: u64) {
        let largest = (self.bytes / 80).clamp(30 * KIBIBYTE, 420 * KIBIBYTE);
        let end = self.planned + budget;
        let mut meetings = meetings_before(days_before(self.last_day, 31)).into_iter();
        for number in 0.. {
            let bytes = self.random.between(largest / 3, largest).min(end.saturating_sub(self.planned));
            if bytes < largest / 6 {
                break;
            }
            let pages = self.random.between(1, 2);
            let pixels = scan_pixels(bytes / pages);
            let meeting = if number % 3 == 0 { meetings.next() } else { None };
            let scan = match meeting {
                Some((date, committee)) => self.filing.signed_minutes(date, committee, pages as u16, pixels),
                None => {
                    let date = days_before(self.last_day, self.random.between(1, 2800) as i64);
                    self.filing.small_scan(date, number, pages as u16, pixels)
                }
            };
            self.add(scan);
        }
    }

    fn routine(&mut self, budget: u64) {
        let end = self.planned + budget;
        let days = i64::from(YEARS_KEPT) * 365;
        let expected = (budget / ROUTINE_BYTES).max(1) as i64;
        let mut meetings = meetings_before(self.last_day).into_iter();
        for number in 0.. {
            if self.planned >= end {
                break;
            }
            if number % 12 == 0
                && let Some((date, committee)) = meetings.next()
            {
                self.add(self.filing.agenda(date, committee));
                self.add(self.filing.minutes(date, committee));
            }
            // A small council has only the newest papers.
            let back = number as i64 * days.min(expected * 4) / expected;
            let kind = Routine::draw(&mut self.random);
            let date = working_day(days_before(self.last_day, back.min(days)));
            self.add(self.filing.routine(kind, date, number));
        }
    }

    /// The same bytes in two places: a folder copied for safety, attachments saved twice.
    fn duplicates(&mut self, budget: u64) {
        let end = self.planned + budget;
        let policies: Vec<PlannedFile> = self.below("Policies/");
        for file in policies {
            if self.planned < end {
                self.add(PlannedFile { path: format!("Copy of {}", file.path), ..file });
            }
        }
        let candidates: Vec<PlannedFile> = self
            .plan
            .files
            .values()
            .filter(|file| {
                matches!(file.content, Content::Paper(_) | Content::Scan { .. }) && estimate(&file.content) < budget / 3
            })
            .cloned()
            .collect();
        while self.planned < end && !candidates.is_empty() {
            let file = self.random.pick(&candidates).clone();
            let name = file.path.rsplit('/').next().unwrap_or_default();
            self.add(PlannedFile { path: format!("Correspondence/Attachments/{name}"), ..file });
        }
    }

    fn below(&self, folder: &str) -> Vec<PlannedFile> {
        self.plan.files.values().filter(|file| file.path.starts_with(folder)).cloned().collect()
    }

    /// Whatever is left of the budget; the last photograph fills it up.
    fn photographs(&mut self) {
        let largest = (self.plan.photograph_pixels as f64 * BYTES_PER_PHOTOGRAPH_PIXEL) as u64;
        for number in 0.. {
            let left = self.bytes.saturating_sub(self.planned);
            if left < largest / 12 {
                break;
            }
            let bytes = self.random.between(largest / 8, largest).min(left);
            let date = days_before(self.last_day, self.random.between(1, 2800) as i64);
            self.add(self.filing.photograph(date, number, pixels(bytes, BYTES_PER_PHOTOGRAPH_PIXEL)));
        }
    }
}

/// About how many bytes this content comes to; measured, and checked by a test.
pub(crate) fn estimate(content: &Content) -> u64 {
    match content {
        Content::Paper(plan) => {
            let (base, paragraph) = match (plan.form, plan.format) {
                (Form::Minutes(_), _) => (11_500, 560),
                (Form::Agenda(_), Format::Word) => (13_500, 100),
                (Form::Agenda(_), _) => (9_800, 90),
                (Form::Letter, Format::Word) => (13_800, 230),
                (Form::Letter, Format::Pdf) => (10_300, 230),
                (Form::Letter, Format::Text) => (700, 350),
                (Form::Report, Format::Word) => (13_800, 300),
                (Form::Report, Format::Pdf) => (11_500, 300),
                (Form::Report, Format::Text) => (500, 620),
                (Form::Policy, _) => (12_600, 200),
                (Form::Invoice, _) => (1_200 + (LOGO_PIXELS as f64 * BYTES_PER_PHOTOGRAPH_PIXEL) as u64, 45),
                (Form::Register, Format::Word) => (12_400, 110),
                (Form::Register, _) => (9_800, 100),
            };
            let picture = (plan.picture_pixels as f64 * BYTES_PER_PHOTOGRAPH_PIXEL) as u64;
            base + paragraph * u64::from(plan.paragraphs) + picture
        }
        Content::Book(book, _) => match *book {
            Book::Cash { rows } => 5_000 + 57 * u64::from(rows),
            Book::Budget => 7_200,
            Book::Burials { rows } => 5_000 + 135 * u64::from(rows),
            Book::Allotments { plots } => 4_500 + 72 * u64::from(plots),
            Book::Assets { rows } => 4_000 + 51 * u64::from(rows),
            Book::Payroll => 5_600,
        },
        Content::Statement => 4_700,
        Content::Photograph { pixels } => (*pixels as f64 * BYTES_PER_PHOTOGRAPH_PIXEL) as u64,
        Content::Scan { pages, pixels, .. } => u64::from(*pages) * scan_bytes(*pixels) + 1_200,
        Content::Odd(Odd::ThumbnailCache) => 12_288,
        Content::Odd(_) => 120,
    }
}

const POLICIES: [&str; 20] = [
    "Standing orders",
    "Financial regulations",
    "Information technology & e-mail policy",
    "Document retention schedule",
    "Disaster recovery plan",
    "Code of conduct",
    "Data protection policy",
    "Complaints procedure",
    "Publication scheme",
    "Grants policy",
    "Burial ground regulations",
    "Allotment rules",
    "Health & safety policy",
    "Lone working policy",
    "Equality & diversity policy",
    "Biodiversity policy",
    "Press & media policy",
    "Training & development policy",
    "Risk management statement",
    "Disciplinary & grievance procedure",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::LAST_DAY;
    use crate::documents::render::Renderer;

    #[test]
    fn estimates_are_near_what_is_rendered() {
        let plan = Plan::base(3, 6 * MEBIBYTE, LAST_DAY);
        let renderer = Renderer::new(3);
        let mut by_kind: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
        for file in plan.files.values() {
            let kind = match &file.content {
                Content::Paper(paper) => format!("{:?} {:?}", paper.form, paper.format),
                Content::Book(book, _) => format!("{book:?}"),
                other => format!("{other:?}").chars().take_while(|letter| letter.is_alphabetic()).collect(),
            };
            let sum = by_kind.entry(kind).or_default();
            *sum = (sum.0 + 1, sum.1 + estimate(&file.content), sum.2 + renderer.render(file).unwrap().len() as u64);
        }
        let mut far = by_kind;
        far.retain(|_, (files, estimated, rendered)| {
            *files > 3 && estimated.abs_diff(*rendered) * 100 > *rendered * 25
        });
        assert!(far.is_empty(), "(files, estimated, rendered) of {far:#?}");
    }

    #[test]
    fn a_gibibyte_is_about_eight_thousand_files_of_every_size() {
        let plan = Plan::base(1, 700 * MEBIBYTE, LAST_DAY);
        let sizes: Vec<u64> = plan.files.values().map(|file| estimate(&file.content)).collect();
        let of = |range: std::ops::Range<u64>| sizes.iter().filter(|size| range.contains(size)).count();
        assert!((6000..9000).contains(&sizes.len()), "{} files", sizes.len());
        assert!(
            of(10 * MEBIBYTE..31 * MEBIBYTE) >= 4 && of(MEBIBYTE..5 * MEBIBYTE) >= 50 && of(0..KIBIBYTE * 200) > 5000
        );
        let sum: u64 = sizes.iter().sum();
        assert!(sum.abs_diff(700 * MEBIBYTE) < 20 * MEBIBYTE, "{sum} bytes");
    }

    #[test]
    fn no_name_is_one_that_windows_refuses() {
        for path in Plan::base(2, 40 * MEBIBYTE, LAST_DAY).files.keys() {
            for part in path.split('/') {
                let wrong = part.contains(['<', '>', ':', '"', '\\', '|', '?', '*']) || part.ends_with(['.', ' ']);
                assert!(!wrong && !part.is_empty() && part.len() < 250, "{path}");
            }
        }
    }
}
