//! The guard: what a run found, held against what the last complete run held. `found` says what does not look right in one root (with
//! `near_folders`, and `scrambled` and `demands` for what an attacker leaves), `lineage`, `neighbours` and `named` whose past it is held against, and
//! `judgement` puts it together and says what the next run will hold its own against; where a part was accepted, by `accepted`.

mod accepted;
mod demands;
mod found;
mod judgement;
mod lineage;
mod named;
mod near_folders;
mod neighbours;
#[cfg(test)]
mod samples;
mod scrambled;

pub(super) use found::Found;
pub(super) use judgement::{Judgement, judge};
pub(super) use scrambled::{HEAD, Looks, looks};
