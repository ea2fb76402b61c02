//! The promises of the format (docs/format.md, "Promises"), a module for each: what somebody without the keys, or with some
//! of them, or with bad luck, can do, and that it is noticed. tests/mutants/ holds the change that breaks each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../common/mod.rs"]
mod common;
mod kit;
mod scene;

mod promise_01_sizes;
mod promise_02_indistinguishable;
mod promise_04_cut_points;
mod promise_06_every_flipped_bit;
mod promise_07_swaps;
mod promise_08_writer_keys;
mod promise_09_forgery;
mod promise_11_history;
mod promise_11_meanwhile;
mod promise_14_repeated_randomness;
mod promise_15_costs;
mod promise_16_recovery_words;
mod promise_21_killed_runs;
mod promise_23_lost_state;
mod promise_24_old_index;
mod promise_26_trips;
mod promise_27_newer_formats;
mod promise_28_swapped_reader;
mod promise_29_kept_twice;
