//! Councils that live through weeks nobody has planned: papers come, change, move and go, exports are downloaded whole, in parts and
//! broken, messages arrive and are deleted. After every week the answers of the real program are held against what there really was:
//! how the backup ended, every byte that comes back, what a search calls gone, and a message that is saved.
//! `CHEST_WEEKS_SEED` replays a council or begins a series, `CHEST_WEEKS_COUNCILS` says how many, and `CHEST_WEEKS` how long they live.

// What fails here fails the test.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "../cli_support/mod.rs"]
mod cli_support;
mod council;
mod week;

use council::Council;
use std::sync::atomic::{AtomicU64, Ordering};

// A test is told by the environment what it should replay.
#[allow(clippy::disallowed_methods)]
fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[test]
fn whatever_weeks_bring_nothing_is_lost_and_nothing_untrue_is_said() {
    let (first, councils, weeks) =
        (number("CHEST_WEEKS_SEED", 20_261_122), number("CHEST_WEEKS_COUNCILS", 4), number("CHEST_WEEKS", 6));
    let next = AtomicU64::new(first);
    let live = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + councils {
                return;
            }
            println!("a council of seed {seed} (CHEST_WEEKS_SEED={seed} CHEST_WEEKS_COUNCILS=1 replays it)");
            let mut council = Council::new(seed, weeks);
            for _ in 0..weeks {
                council.live_a_week();
                council.back_up_and_look();
            }
            council.office.run(["check", "--read-data"]).ended(0);
        }
    };
    std::thread::scope(|scope| {
        let second = scope.spawn(live);
        live();
        second.join().unwrap();
    });
}
