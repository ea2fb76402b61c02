//! Where each kind of file is kept and what it is called: the clerk's way of filing.

use jiff::civil::Date;

use super::{Book, Content, Form, Format, PaperPlan, PlannedFile};
use crate::calendar::{Committee, Moment, days_after, financial_year, working_day};
use crate::prose::{Topic, Writer, capitalised};
use crate::random::Random;

/// Files one document of each kind. `number` tells apart what was filed on the same day.
pub(crate) struct Filing {
    pub seed: u64,
    /// The largest photograph within a paper, in pixels.
    pub picture_pixels: u64,
}

/// What the routine of the office produces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Routine {
    PlanningResponse,
    PlanningDecision,
    Invoice,
    Letter,
    Highways,
    Tenancy,
    Interment,
    Grant,
    Appraisal,
    Inspection,
    News,
    Statement,
    Policy,
    Project,
}

/// Each kind and how many of a hundred it is.
const ROUTINE: [(Routine, u64); 14] = [
    (Routine::PlanningResponse, 17),
    (Routine::PlanningDecision, 10),
    (Routine::Invoice, 22),
    (Routine::Letter, 17),
    (Routine::Highways, 6),
    (Routine::Tenancy, 5),
    (Routine::Interment, 5),
    (Routine::Grant, 3),
    (Routine::Appraisal, 1),
    (Routine::Inspection, 4),
    (Routine::News, 3),
    (Routine::Statement, 2),
    (Routine::Policy, 1),
    (Routine::Project, 4),
];

impl Routine {
    /// One kind, the common ones more often.
    pub fn draw(random: &mut Random) -> Self {
        let mut left = random.below(100);
        for (kind, weight) in ROUTINE {
            if left < weight {
                return kind;
            }
            left -= weight;
        }
        Self::Letter
    }
}

impl Filing {
    fn random(&self, what: &str, date: Date, number: u64) -> Random {
        Random::of(self.seed, &format!("filing/{what}/{date}/{number}"))
    }

    fn file(&self, path: String, date: Date, random: &mut Random, content: Content) -> PlannedFile {
        let modified = Moment::during(working_day(date), random);
        PlannedFile { label: path.clone(), path, modified, revision: 0, content }
    }

    pub fn minutes(&self, date: Date, committee: Committee) -> PlannedFile {
        let mut random = self.random("minutes", date, 0);
        let path = format!("Minutes/{}/{date} {} minutes.docx", date.year(), committee.name());
        let paragraphs =
            if committee == Committee::FullCouncil { random.between(13, 26) } else { random.between(5, 12) };
        let title = format!("{} minutes, {}", committee.name(), crate::calendar::long_date(date));
        let plan = paper(Form::Minutes(committee), Format::Word, title, Topic::Governance, date, paragraphs);
        self.file(path, days_after(date, 2), &mut random, Content::Paper(plan))
    }

    pub fn agenda(&self, date: Date, committee: Committee) -> PlannedFile {
        let mut random = self.random("agenda", date, 0);
        let format = if random.chance(70) { Format::Word } else { Format::Pdf };
        let path = format!("Agendas/{}/{date} {} agenda.{}", date.year(), committee.name(), extension(format));
        let title = format!("{} agenda, {}", committee.name(), crate::calendar::long_date(date));
        let plan = paper(Form::Agenda(committee), format, title, Topic::Governance, date, random.between(8, 20));
        // The law wants three clear days; the clerk allows six.
        self.file(path, crate::calendar::days_before(date, 6), &mut random, Content::Paper(plan))
    }

    pub fn signed_minutes(&self, date: Date, committee: Committee, pages: u16, pixels: u64) -> PlannedFile {
        let mut random = self.random("signed", date, 0);
        let path = format!("Minutes/{}/Signed/{date} {} minutes (signed).pdf", date.year(), committee.name());
        let title = format!("{} minutes, signed", committee.name());
        self.file(
            path,
            days_after(date, 30),
            &mut random,
            Content::Scan { title, topic: Topic::Governance, pages, pixels },
        )
    }

    pub fn photograph(&self, date: Date, number: u64, pixels: u64) -> PlannedFile {
        let mut random = self.random("photograph", date, number);
        let (topic, folder) = *random.pick(&ALBUMS);
        let modified = Moment::during(date, &mut random);
        let second = modified.second_of_day();
        let name = match random.below(3) {
            0 => format!("DSC{:05}", number % 100_000),
            1 => self.words("object", topic, date, &mut random) + &format!(" {number:03}"),
            _ => {
                format!("IMG_{}_{:02}{:02}{:02}", date.strftime("%Y%m%d"), second / 3600, second / 60 % 60, second % 60)
            }
        };
        let path = format!("Photographs/{}/{folder}/{name}.jpg", date.year());
        PlannedFile { label: path.clone(), path, modified, revision: 0, content: Content::Photograph { pixels } }
    }

    /// A scan of a page or two: a plan, a form, a receipt.
    pub fn small_scan(&self, date: Date, number: u64, pages: u16, pixels: u64) -> PlannedFile {
        let mut random = self.random("scan", date, number);
        let letter = char::from(b'A' + random.below(9) as u8);
        let year = date.year();
        let (topic, path) = match random.below(4) {
            0 => (Topic::Burials, format!("Burials/Plot scans/Section {letter} plot {number:04}.pdf")),
            1 => (Topic::Planning, format!("Planning/{year}/Plans/{:02}-{number:05} site plan.pdf", year % 100)),
            2 => (Topic::Finance, format!("Finance/{}/Receipts/{date} receipt {number:04}.pdf", financial_year(date))),
            _ => (Topic::Governance, format!("Correspondence/{year}/Scanned post/{date} letter {number:04}.pdf")),
        };
        let title = format!("Scan {number}");
        self.file(path, date, &mut random, Content::Scan { title, topic, pages, pixels })
    }

    /// A long scan of something old: a minute book, deeds, the tithe map.
    pub fn archive_scan(&self, date: Date, number: u64, pages: u16, pixels: u64) -> PlannedFile {
        let mut random = self.random("archive", date, number);
        let from = 1894 + number as i16 * 7 % 90;
        let (topic, name) = match number % 4 {
            0 => (
                Topic::Governance,
                format!(
                    "Minute book {from}-{} (scanned at the county record office, reading copy only, \
                     not for publication without the archivist's consent)",
                    from + 6
                ),
            ),
            1 => (
                Topic::Burials,
                format!("Burial plan and deeds, section {}", char::from(b'A' + (number / 4 % 9) as u8)),
            ),
            2 => (Topic::Allotments, format!("Conveyance of the Glebe Field {from}")),
            _ => (Topic::Planning, format!("Tithe map & apportionment, sheet {number}")),
        };
        let path = format!("Archive/{name}.pdf");
        self.file(path, date, &mut random, Content::Scan { title: name, topic, pages, pixels })
    }

    pub fn book(&self, path: String, date: Date, book: Book) -> PlannedFile {
        let mut random = self.random(&path, date, 0);
        self.file(path, date, &mut random, Content::Book(book, date))
    }

    pub fn policy(&self, name: &str, date: Date) -> PlannedFile {
        let mut random = self.random(name, date, 0);
        let paragraphs = random.between(7, 22);
        let plan = paper(Form::Policy, Format::Word, name.to_owned(), Topic::Governance, date, paragraphs);
        self.file(format!("Policies/{name}.docx"), date, &mut random, Content::Paper(plan))
    }

    /// One document of the office's routine.
    pub fn routine(&self, kind: Routine, date: Date, number: u64) -> PlannedFile {
        let mut random = self.random("routine", date, number);
        let random = &mut random;
        let (year, books) = (date.year(), financial_year(date));
        match kind {
            Routine::PlanningResponse | Routine::PlanningDecision => self.planning(kind, date, number, random),
            Routine::Invoice => {
                let topic = *random.pick(&Topic::ALL);
                let firm = self.words("contractor", topic, date, random);
                let path = format!("Finance/{books}/Invoices/{date} {firm} INV-{number:05}.pdf");
                let lines = random.between(1, 22);
                let plan =
                    paper(Form::Invoice, Format::Pdf, format!("{firm}: invoice {number:05}"), topic, date, lines);
                self.file(path, date, random, Content::Paper(plan))
            }
            Routine::Letter => self.letter(date, number, random),
            Routine::Highways => self.report(format!("Highways/{year}"), Topic::Highways, 45, date, random),
            Routine::Inspection => self.report("Play area/Inspections".to_owned(), Topic::Play, 80, date, random),
            Routine::Project => {
                let (folder, topic) = *random.pick(&PROJECTS);
                self.report(format!("Projects/{folder}"), topic, 40, date, random)
            }
            Routine::Tenancy => {
                let name = sanitised(&crate::people::resident_name(random));
                let path = format!("Allotments/Tenancy agreements/Plot {} {name} {year}.docx", random.between(1, 64));
                self.form(path, "Allotment tenancy agreement", Topic::Allotments, Format::Word, date, random)
            }
            Routine::Interment => {
                let name = crate::people::surname(random);
                let path = format!("Burials/Interments/{year}/{date} Notice of interment – {name}.pdf");
                self.form(path, "Notice of interment", Topic::Burials, Format::Pdf, date, random)
            }
            Routine::Grant => {
                let name = self.words("object", Topic::Grants, date, random);
                let path = format!("Grants/{books}/Grant application – {name}.docx");
                self.form(path, "Grant application", Topic::Grants, Format::Word, date, random)
            }
            Routine::Appraisal => {
                let who = *random.pick(&["Rosalind Haythorne", "Ivo Stallard", "Bethan Crake"]);
                let path = format!("Personnel/{who}/{date} appraisal (confidential).docx");
                self.form(path, "Appraisal", Topic::Personnel, Format::Word, date, random)
            }
            Routine::News => {
                let topic = *random.pick(&Topic::ALL);
                let subject = self.words("object", topic, date, random);
                let plan = paper(Form::Report, Format::Text, subject.clone(), topic, date, random.between(2, 9));
                self.file(format!("Website/News/{date} {subject}.txt"), date, random, Content::Paper(plan))
            }
            Routine::Statement => {
                let path = format!(
                    "Finance/{books}/Bank statements/{} current account {number:04}.csv",
                    date.strftime("%Y-%m")
                );
                self.file(path, date, random, Content::Statement)
            }
            Routine::Policy => {
                let subject = self.words("paper", Topic::Governance, date, random);
                self.policy(&format!("Superseded/{subject} v{}", random.between(1, 9)), date)
            }
        }
    }

    fn planning(&self, kind: Routine, date: Date, number: u64, random: &mut Random) -> PlannedFile {
        let year = date.year();
        let application = format!("{:02}-{number:05}-{}", year % 100, random.pick(&["FUL", "HOU", "LBC", "TCA"]));
        let road = self.words("road", Topic::Planning, date, random);
        let folder = format!("Planning/{year}/{application} {} {road}", random.between(1, 90));
        let response = kind == Routine::PlanningResponse;
        let name =
            if response { format!("Response to {application}") } else { format!("Decision notice {application}") };
        let format = if response { Format::Word } else { Format::Pdf };
        let mut plan = paper(Form::Report, format, name.clone(), Topic::Planning, date, random.between(5, 22));
        if response && random.chance(22) {
            plan.picture_pixels = self.picture(random);
        }
        self.file(format!("{folder}/{name}.{}", extension(format)), date, random, Content::Paper(plan))
    }

    fn letter(&self, date: Date, number: u64, random: &mut Random) -> PlannedFile {
        let topic = *random.pick(&Topic::ALL);
        let format = *random.pick(&[Format::Word, Format::Word, Format::Word, Format::Pdf, Format::Text]);
        let subject = self.words("object", topic, date, random);
        let name = match random.below(9) {
            0 => format!("{date} Cllr Siân O'Neill re {subject}"),
            1 => format!("{date} {subject} & {}", self.words("object", topic, date, random)),
            _ => format!("{date} {} re {subject}", sanitised(&crate::people::resident_name(random))),
        };
        let mut plan = paper(Form::Letter, format, subject, topic, date, random.between(2, 12));
        if format == Format::Word && random.chance(20) {
            plan.picture_pixels = self.picture(random);
        }
        let folder = if number.is_multiple_of(11) {
            "Correspondence/Clerk's pending".to_owned()
        } else {
            format!("Correspondence/{}", date.year())
        };
        self.file(format!("{folder}/{name}.{}", extension(format)), date, random, Content::Paper(plan))
    }

    fn report(&self, folder: String, topic: Topic, pictured: u64, date: Date, random: &mut Random) -> PlannedFile {
        let subject = self.words("object", topic, date, random);
        let mut plan =
            paper(Form::Report, Format::Word, format!("Report on {subject}"), topic, date, random.between(6, 30));
        if random.chance(pictured) {
            plan.picture_pixels = self.picture(random);
        }
        self.file(format!("{folder}/{date} Report on {subject}.docx"), date, random, Content::Paper(plan))
    }

    fn form(
        &self,
        path: String,
        title: &str,
        topic: Topic,
        format: Format,
        date: Date,
        random: &mut Random,
    ) -> PlannedFile {
        let plan = paper(Form::Register, format, title.to_owned(), topic, date, random.between(6, 26));
        self.file(path, date, random, Content::Paper(plan))
    }

    fn picture(&self, random: &mut Random) -> u64 {
        random.between(self.picture_pixels / 5, self.picture_pixels)
    }

    /// A phrase fit for a file name.
    fn words(&self, symbol: &str, topic: Topic, date: Date, random: &mut Random) -> String {
        let phrase = Writer::new(random, topic, date).phrase(symbol);
        sanitised(&capitalised(phrase.trim_start_matches("The ").to_owned()))
    }
}

const ALBUMS: [(Topic, &str); 8] = [
    (Topic::Events, "Summer fête"),
    (Topic::Events, "Remembrance Sunday"),
    (Topic::Play, "Play area"),
    (Topic::Highways, "Potholes & verges"),
    (Topic::Footpaths, "Footpath survey"),
    (Topic::Burials, "Memorial inspection"),
    (Topic::Environment, "Flood of the ford"),
    (Topic::Hall, "Village hall"),
];

const PROJECTS: [(&str, Topic); 4] = [
    ("Edge Bridge footbridge", Topic::Footpaths),
    ("Neighbourhood plan", Topic::Planning),
    ("New play area (stage 2)", Topic::Play),
    ("Hall roof appeal", Topic::Hall),
];

fn paper(form: Form, format: Format, title: String, topic: Topic, date: Date, paragraphs: u64) -> PaperPlan {
    PaperPlan { form, format, title, topic, date, paragraphs: paragraphs as u16, picture_pixels: 0 }
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Word => "docx",
        Format::Pdf => "pdf",
        Format::Text => "txt",
    }
}

/// Without what Windows forbids in names, and not too long.
pub(crate) fn sanitised(name: &str) -> String {
    let allowed = |letter: char| if "<>:\"/\\|?*".contains(letter) || letter.is_control() { '-' } else { letter };
    let short: String = name.chars().map(allowed).take(90).collect();
    short.trim_end_matches(['.', ' ']).to_owned()
}
