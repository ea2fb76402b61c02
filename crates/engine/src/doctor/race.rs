//! Whether the provider honours "only if nothing of that name is there", also when many ask at the same moment. Nothing
//! depends on it; but what a provider gets wrong here tells something about it.

use super::answer::{Answer, Fitness};
use super::scratch::Scratch;
use super::{DoctorOptions, Examination};
use bytes::Bytes;
use chest_store::{Creation, Provider, StoreError};
use std::sync::Barrier;

pub(super) const TEXT: &str = "The storage refuses to write over what is there, if asked to";

const NO_MATTER: &str = "It makes no difference to the backups: no two of their files ever have the same name.";
const NOT_ATOMIC: &str = "Of several computers that store at the same moment, more than one is told that it was first. The \
    backups do not rely on it; other programs may.";
const INVERTED: &str = "The storage refused to store something new because of a condition that was met, or lost what was \
    stored. Do not keep backups in it.";

pub(super) fn conditional_create(with: Examination<'_>, options: &DoctorOptions) -> Result<Option<Answer>, StoreError> {
    let Some(provider) = with.provider else { return Ok(None) };
    let scratch = with.scratch;
    let no = |seen: &str, meaning| {
        let fitness = if meaning == INVERTED { Fitness::Unfit } else { Fitness::Fit };
        Ok(Some(Answer::bad("conditional-create", TEXT, fitness, meaning).seeing(seen)))
    };
    let name = scratch.name("conditional-create/one-after-another");
    match provider.create(&name, Bytes::from_static(b"first"))? {
        Creation::Created => {}
        Creation::NotSupported => return no("such requests are refused altogether", NO_MATTER),
        Creation::AlreadyThere | Creation::Conflict => {
            return no("a new name was refused as if it were there", INVERTED);
        }
    }
    match provider.create(&name, Bytes::from_static(b"second"))? {
        Creation::Created => return no("the condition is ignored: the second write replaced the first", NO_MATTER),
        Creation::NotSupported => return no("such requests are refused at times", NO_MATTER),
        Creation::AlreadyThere | Creation::Conflict => {}
    }
    if *scratch.store().get(&name)? != *b"first" {
        return no("a write that was refused was carried out all the same", INVERTED);
    }
    for round in 0..options.rounds {
        let winners = race(scratch, provider, round, options.racers)?;
        if winners.len() > 1 {
            let seen =
                format!("{} of {} writers at the same moment were told they were first", winners.len(), options.racers);
            return no(&seen, NOT_ATOMIC);
        }
        // Nobody at all may win where all of them were told to come again.
        let Some(winner) = winners.first() else { continue };
        let there = scratch.store().get(&scratch.name(&race_name(round)))?;
        if *there != *content(*winner) {
            return no("what was stored is not what the first writer wrote", INVERTED);
        }
    }
    Ok(Some(Answer::good("conditional-create", TEXT)))
}

/// Who was told to be the first.
fn race(scratch: &Scratch<'_>, provider: &dyn Provider, round: usize, racers: usize) -> Result<Vec<usize>, StoreError> {
    let (name, barrier) = (scratch.name(&race_name(round)), Barrier::new(racers));
    let one = |racer: usize| {
        barrier.wait();
        provider.create(&name, content(racer)).map(|created| (created == Creation::Created).then_some(racer))
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..racers).map(|racer| scope.spawn(move || one(racer))).collect();
        let answers: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect();
        answers.into_iter().filter_map(Result::transpose).collect()
    })
}

fn race_name(round: usize) -> String {
    format!("conditional-create/race-{round}")
}

fn content(racer: usize) -> Bytes {
    Bytes::from(format!("writer {racer}"))
}

#[cfg(test)]
mod tests;
