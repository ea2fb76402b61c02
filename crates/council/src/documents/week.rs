//! What changes in the documents during one week. Worked out on the plan, so that every week follows from the seed
//! alone.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::places::{Filing, Routine, sanitised};
use super::plan::Plan;
use super::{Book, Content, Form, Format, PlannedFile};
use crate::calendar::{Moment, days_after, days_before, meeting_on, next_meeting, working_day};
use crate::random::Random;

/// One thing that the clerk does to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Add(PlannedFile),
    Modify(PlannedFile),
    /// Within its folder or to another one.
    Move {
        from: String,
        to: String,
    },
    Delete(String),
}

/// The Friday on which the week ends.
pub(crate) fn friday_of(last_day: Date, week: u32) -> Date {
    days_after(working_day(last_day), i64::from(week) * 7)
}

/// Works out a week and brings the plan forward to its end.
pub(crate) fn advance(plan: &mut Plan, seed: u64, last_day: Date, week: u32) -> Vec<Step> {
    let filing = Filing { seed, picture_pixels: plan.picture_pixels };
    let mut random = Random::of(seed, &format!("week/{week}"));
    let friday = friday_of(last_day, week);
    let scale = plan.files.len() as u64 / 400 + 1;
    let mut clerk =
        Clerk { touched: BTreeSet::new(), steps: Vec::new(), plan, filing, random: &mut random, friday, week };
    clerk.meetings();
    clerk.routine(scale);
    clerk.photographs(scale);
    clerk.books();
    clerk.revise(scale);
    clerk.rename();
    clerk.file_away();
    clerk.delete();
    clerk.steps
}

struct Clerk<'a> {
    plan: &'a mut Plan,
    filing: Filing,
    random: &'a mut Random,
    friday: Date,
    week: u32,
    /// Nothing is touched twice in a week, so that each step can be told from the others.
    touched: BTreeSet<String>,
    steps: Vec<Step>,
}

impl Clerk<'_> {
    fn add(&mut self, mut file: PlannedFile) {
        file.modified = self.some_time();
        let file = self.plan.insert(file);
        self.touched.insert(file.path.clone());
        self.steps.push(Step::Add(file));
    }

    /// Some working hour of the week.
    fn some_time(&mut self) -> Moment {
        let day = days_before(self.friday, self.random.below(5) as i64);
        Moment::during(day, self.random)
    }

    /// Minutes of what met this week, and the agenda of what meets next.
    fn meetings(&mut self) {
        for back in 0..5 {
            let day = days_before(self.friday, back);
            if let Some(committee) = meeting_on(day) {
                self.add(self.filing.minutes(day, committee));
            }
        }
        let (date, committee) = next_meeting(days_after(self.friday, 3));
        let agenda = self.filing.agenda(date, committee);
        if !self.plan.files.contains_key(&agenda.path) {
            self.add(agenda);
        }
    }

    fn routine(&mut self, scale: u64) {
        let planned = [Routine::PlanningResponse, Routine::Invoice, Routine::Letter];
        for number in 0..planned.len() as u64 + scale {
            let kind = planned.get(number as usize).copied().unwrap_or_else(|| Routine::draw(self.random));
            let date = days_before(self.friday, self.random.below(5) as i64);
            self.add(self.filing.routine(kind, date, 50_000 + u64::from(self.week) * 1000 + number));
        }
    }

    fn photographs(&mut self, scale: u64) {
        for number in 0..self.random.between(2, 3 + scale / 5) {
            let most = self.plan.photograph_pixels;
            let pixels = self.random.between(most / 6, most / 2);
            let date = days_before(self.friday, self.random.below(5) as i64);
            self.add(self.filing.photograph(date, 50_000 + u64::from(self.week) * 1000 + number, pixels));
        }
    }

    /// The cash book every week, the burial register every third.
    fn books(&mut self) {
        let newest = |wanted: fn(&Book) -> bool| {
            let books = self
                .plan
                .files
                .values()
                .filter(move |file| matches!(&file.content, Content::Book(book, _) if wanted(book)));
            books.max_by_key(|file| file.modified).map(|file| file.path.clone())
        };
        let cash = newest(|book| matches!(book, Book::Cash { .. }));
        let burials = newest(|book| matches!(book, Book::Burials { .. }));
        let burials = burials.filter(|_| self.week.is_multiple_of(3));
        cash.into_iter().chain(burials).for_each(|path| self.modify(&path));
    }

    fn modify(&mut self, path: &str) {
        let modified = self.some_time();
        if let Some(file) = self.plan.files.get_mut(path) {
            file.revision += 1;
            file.modified = modified;
            self.steps.push(Step::Modify(file.clone()));
            self.touched.insert(path.to_owned());
        }
    }

    fn revise(&mut self, scale: u64) {
        for _ in 0..1 + scale / 6 {
            let is_draft = |file: &PlannedFile| match &file.content {
                Content::Paper(paper) => paper.format == Format::Word && paper.form != Form::Invoice,
                _ => false,
            };
            if let Some(path) = self.choose(is_draft) {
                self.modify(&path);
            }
        }
    }

    fn rename(&mut self) {
        let Some(from) = self.choose(|file| file.path.starts_with("Correspondence/")) else { return };
        let (folder, name) = split(&from);
        let (stem, ending) = name.rsplit_once('.').unwrap_or((name, "txt"));
        let to = format!("{folder}/{} FINAL (week {}).{ending}", sanitised(stem), self.week);
        self.relocate(from, to);
    }

    fn file_away(&mut self) {
        let Some(from) = self.choose(|file| file.path.starts_with("Planning/")) else { return };
        let to = format!("Archive/Filed in week {}/{}", self.week, split(&from).1);
        self.relocate(from, to);
    }

    fn relocate(&mut self, from: String, to: String) {
        if self.plan.files.contains_key(&to) {
            return;
        }
        if let Some(mut file) = self.plan.files.remove(&from) {
            file.path.clone_from(&to);
            self.plan.files.insert(to.clone(), file);
            self.touched.insert(to.clone());
            self.steps.push(Step::Move { from, to });
        }
    }

    fn delete(&mut self) {
        let wanted =
            |file: &PlannedFile| matches!(file.content, Content::Paper(_)) && !file.path.starts_with("Copy of");
        if let Some(path) = self.choose(wanted) {
            self.plan.files.remove(&path);
            self.steps.push(Step::Delete(path));
        }
    }

    /// Some file of this kind that was not touched yet this week.
    fn choose(&mut self, wanted: impl Fn(&PlannedFile) -> bool) -> Option<String> {
        let files = self.plan.files.values().filter(|file| !self.touched.contains(&file.path) && wanted(file));
        let candidates: Vec<&String> = files.map(|file| &file.path).collect();
        (!candidates.is_empty()).then(|| (*self.random.pick(&candidates)).clone())
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}
