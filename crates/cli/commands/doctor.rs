//! `chest doctor`: tries out the storage, and says in plain words what it can and cannot promise.

use crate::context::Workplace;
use crate::errors::{Doing, Failure};
use crate::exit::Exit;
use crate::output::Report;
use crate::output::amounts::{count, size};
use crate::output::exceptions::SHOWN_AT_MOST;
use crate::output::names::shown;
use crate::repository::Repository;
use chest_engine::doctor::{Answer, DoctorOutcome, DoctorPlan, Fitness, LeftBehind, Reply, SCRATCH, examine};
use serde::Serialize;
use std::io::{self, Write};

/// Runs it.
pub fn run(workplace: &Workplace) -> Result<Exit, Failure> {
    let repository = workplace.repository()?;
    let place = workplace.open_place(Doing::Examining)?;
    let options = place.doctor_options();
    workplace.console.remark(&intention(repository, options.plan()));
    let context = workplace.context(place.store.clone());
    let outcome = examine(&context, &place, &options).map_err(|failed| {
        if !failed.left_behind.is_empty() {
            workplace.console.remark(&left_behind_text(&failed.left_behind, ""));
        }
        Failure::of(&failed.error, Doing::Examining).also_saying(&left_behind_in_short(&failed.left_behind))
    })?;
    workplace.show(&Examined { outcome: &outcome, repository })?;
    Ok(match outcome.verdict() {
        Fitness::Unfit => Exit::Wanting,
        Fitness::Fit | Fitness::Warning => Exit::Done,
    })
}

fn intention(repository: &Repository, plan: DoctorPlan) -> String {
    format!(
        "Trying out {repository}: up to {} of {} in all are stored there below {SCRATCH}, read, and removed again.\n\
         Nothing else is touched. On a slow line this takes a few minutes; Ctrl-C stops it.",
        count(plan.objects, "file"),
        size(plan.bytes)
    )
}

struct Examined<'o> {
    outcome: &'o DoctorOutcome,
    repository: &'o Repository,
}

#[derive(Serialize)]
struct ExaminedJson<'o> {
    place: String,
    verdict: &'static str,
    answers: Vec<AnswerJson<'o>>,
    speed: SpeedJson,
    left_behind: Vec<LeftBehindJson<'o>>,
}

#[derive(Serialize)]
struct AnswerJson<'o> {
    id: &'static str,
    question: &'static str,
    reply: &'static str,
    fitness: &'static str,
    seen: &'o str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct SpeedJson {
    small_request_ms: f64,
    up_bytes_per_second: u64,
    down_bytes_per_second: u64,
}

#[derive(Serialize)]
struct LeftBehindJson<'o> {
    object: &'o str,
    why: &'o str,
}

impl Report for Examined<'_> {
    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for fitness in [Fitness::Unfit, Fitness::Warning, Fitness::Fit] {
            for answer in self.outcome.answers.iter().filter(|answer| answer.fitness == fitness) {
                write_answer(out, answer)?;
            }
        }
        self.write_speed(out)?;
        self.write_left_behind(out)?;
        self.write_verdict(out)
    }

    fn json(&self) -> impl Serialize {
        let outcome = self.outcome;
        ExaminedJson {
            place: self.repository.to_string(),
            verdict: fitness_code(outcome.verdict()),
            answers: outcome.answers.iter().map(answer_json).collect(),
            speed: SpeedJson {
                small_request_ms: (outcome.speed.small_request.as_secs_f64() * 1e4).round() / 10.0,
                up_bytes_per_second: outcome.speed.up as u64,
                down_bytes_per_second: outcome.speed.down as u64,
            },
            left_behind: outcome
                .left_behind
                .iter()
                .map(|left| LeftBehindJson { object: &left.object, why: &left.why })
                .collect(),
        }
    }
}

impl Examined<'_> {
    fn write_speed(&self, out: &mut dyn Write) -> io::Result<()> {
        let speed = self.outcome.speed;
        writeln!(
            out,
            "\nSpeed: a small request takes {:.0} ms; {} a second to the storage, {} a second back.",
            (speed.small_request.as_secs_f64() * 1000.0).ceil(),
            size(speed.up as u64),
            size(speed.down as u64)
        )
    }

    fn write_left_behind(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.outcome.left_behind.as_slice() {
            [] => writeln!(out, "Everything that was stored for this is removed again.\n"),
            left => writeln!(
                out,
                "{}They are harmless, and may be deleted by whoever looks after the storage.\n",
                left_behind_text(left, "; --json lists all of them")
            ),
        }
    }

    fn write_verdict(&self, out: &mut dyn Write) -> io::Result<()> {
        let of = |fitness| self.outcome.answers.iter().filter(|answer| answer.fitness == fitness).count() as u64;
        match (of(Fitness::Unfit), of(Fitness::Warning)) {
            (0, 0) => writeln!(out, "FIT FOR BACKUPS"),
            (0, warnings) => writeln!(out, "FIT FOR BACKUPS, {}", count(warnings, "warning")),
            (reasons, _) => writeln!(out, "NOT FIT FOR BACKUPS, {}", count(reasons, "reason")),
        }
    }
}

/// What is left, name by name, and where the names are that are not shown.
fn left_behind_text(left: &[LeftBehind], rest: &str) -> String {
    let Some(first) = left.first() else { return String::new() };
    let mut text = format!("{} ({})\n", how_many(left), shown(first.why.as_bytes()));
    for one in left.iter().take(SHOWN_AT_MOST) {
        text.push_str(&format!("  {}\n", shown(one.object.as_bytes())));
    }
    if left.len() > SHOWN_AT_MOST {
        let more = (left.len() - SHOWN_AT_MOST) as u64;
        text.push_str(&format!("  and {}{rest}\n", count(more, "more file")));
    }
    text
}

/// The same in one sentence, where the examination failed.
fn left_behind_in_short(left: &[LeftBehind]) -> String {
    if left.is_empty() {
        return String::new();
    }
    format!("{}: harmless, and to be deleted by whoever looks after the storage.", how_many(left))
}

fn how_many(left: &[LeftBehind]) -> String {
    let files = count(left.len() as u64, "file");
    let what = if left.iter().all(|one| one.is_certain) { "Not removed" } else { "Not removed, or not known to be" };
    format!("{what}: {files} below {}", below(left))
}

/// The folder of this examination, in which all of them lie.
fn below(left: &[LeftBehind]) -> String {
    let rest = left.first().and_then(|one| one.object.strip_prefix(SCRATCH));
    let id = rest.and_then(|rest| rest.split('/').next()).unwrap_or_default();
    format!("{SCRATCH}{id}/")
}

/// The mark first, so that the eye finds it; then the statement, whether it is so, and what that means.
fn write_answer(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    let mark = match answer.fitness {
        Fitness::Fit => "ok",
        Fitness::Warning => "WARNING",
        Fitness::Unfit => "UNFIT",
    };
    let reply = match answer.reply {
        Reply::Yes => "yes",
        Reply::No => "no",
        Reply::Unknown => "it could not be found out",
    };
    writeln!(out, "{mark:<8} {}: {reply}.", answer.question)?;
    for more in [answer.seen.as_str(), answer.meaning].into_iter().filter(|more| !more.is_empty()) {
        let full_stop = if more.ends_with('.') { "" } else { "." };
        writeln!(out, "         {}{full_stop}", shown(more.as_bytes()))?;
    }
    Ok(())
}

fn answer_json(answer: &Answer) -> AnswerJson<'_> {
    AnswerJson {
        id: answer.id,
        question: answer.question,
        reply: match answer.reply {
            Reply::Yes => "yes",
            Reply::No => "no",
            Reply::Unknown => "unknown",
        },
        fitness: fitness_code(answer.fitness),
        seen: &answer.seen,
        meaning: answer.meaning,
    }
}

fn fitness_code(fitness: Fitness) -> &'static str {
    match fitness {
        Fitness::Fit => "fit",
        Fitness::Warning => "warning",
        Fitness::Unfit => "unfit",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(name: &str, is_certain: bool) -> LeftBehind {
        LeftBehind { object: format!("doctor/0123456789abcdef/{name}"), why: "away".to_owned(), is_certain }
    }

    #[test]
    fn what_is_known_to_be_left_and_what_may_be_are_told_apart() {
        let known = left_behind_text(&[left("first", true)], "");
        assert_eq!(
            known,
            "Not removed: 1 file below doctor/0123456789abcdef/ (away)\n  doctor/0123456789abcdef/first\n"
        );
        let unknown = [left("first", true), left("speed/000", false)];
        assert!(left_behind_in_short(&unknown).starts_with("Not removed, or not known to be: 2 files below doctor/0"));
        assert_eq!(left_behind_in_short(&[]), "");
    }
}
