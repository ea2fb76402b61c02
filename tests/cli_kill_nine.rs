//! `kill -9` of the program itself at thirty seeded moments of `chest backup`, known to be alive when it is killed: some from
//! its start on, some from the first object on that it has sent. The next backup is COMPLETE, a check of every byte finds
//! nothing, and no backup that was acknowledged is lost.
//!
//! `CHEST_KILL_SEED` replays a run; `CHEST_KILLS` sets how many.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod cli_support;

use cli_support::Office;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Numbers that follow from a seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn text(&mut self, length: usize) -> String {
        std::iter::repeat_with(|| char::from(b'0' + (self.next() % 61) as u8)).take(length).collect()
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// How far a run had come when it was killed.
fn stage(before: &[std::path::PathBuf], office: &Office) -> &'static str {
    let sent: Vec<_> = office.stored_files("repo").into_iter().filter(|path| !before.contains(path)).collect();
    match sent.iter().any(|path| path.starts_with(office.path("repo/log"))) {
        true => "recorded",
        false if sent.is_empty() => "nothing sent",
        false => "something sent",
    }
}

/// Waits until something new is in the repository, or the run has ended.
fn wait_for_an_object(office: &Office, before: usize, child: &mut Child) {
    while child.try_wait().unwrap().is_none() && office.stored_files("repo").len() == before {
        sleep(Duration::from_micros(100));
    }
}

/// Whether it was still running, and died of our signal.
fn kill_if_alive(child: &mut Child) -> bool {
    let alive = child.try_wait().unwrap().is_none();
    let _ = child.kill();
    alive && child.wait().unwrap().signal() == Some(9)
}

#[test]
fn the_program_killed_at_thirty_moments_leaves_nothing_that_the_next_run_does_not_mend() {
    let (seed, kills) = (number("CHEST_KILL_SEED", 20_261_121), number("CHEST_KILLS", 30));
    println!("seed {seed} (CHEST_KILL_SEED replays it)");
    let mut dice = Dice(seed);
    let office = Office::new();
    for file in 0..20 {
        office.write(&format!("docs/papers/{file}"), &dice.text(60_000));
    }
    let mut stages: BTreeMap<&str, u64> = BTreeMap::new();
    let mut acknowledged = 0;
    let mut moment = 0;
    let mut usual = Duration::from_millis(100);
    while stages.values().sum::<u64>() < kills {
        moment += 1;
        let when = format!("seed {seed}, moment {moment}, {stages:?}");
        assert!(moment < kills * 10, "the program keeps ending before it is killed: {when}");
        for _ in 0..5 {
            let file = dice.next() % 20;
            office.write(&format!("docs/papers/{file}"), &dice.text(60_000));
        }
        let before = office.stored_files("repo");
        let mut child = quiet(&mut office.command(["backup", "docs"])).spawn().unwrap();
        let share = dice.next();
        match moment % 2 {
            0 => sleep(usual.mul_f64((share % 1000) as f64 / 1000.0)),
            _ => {
                wait_for_an_object(&office, before.len(), &mut child);
                sleep(Duration::from_micros(share % 4000));
            }
        }
        match kill_if_alive(&mut child) {
            true => *stages.entry(stage(&before, &office)).or_default() += 1,
            false => acknowledged += u64::from(child.wait().unwrap().success()),
        }
        let begun = Instant::now();
        let next = office.back_up();
        usual = begun.elapsed();
        assert_eq!((next.code, next.last_line()), (Some(0), "COMPLETE"), "{when}: {}{}", next.out, next.err);
        acknowledged += 1;
        if moment % 5 == 0 {
            assert_clean(&office, &when);
        }
    }
    println!("killed: {stages:?}");
    for stage in ["nothing sent", "something sent"] {
        assert!(stages.contains_key(stage), "never killed with {stage}: {stages:?}");
    }
    assert_clean(&office, "at the end");
    let shown = office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().len() as u64;
    assert!(shown >= acknowledged, "seed {seed}: {shown} of {acknowledged} acknowledged backups are shown");
    office.run(["restore", "latest", "--to", "out"]).ended(0);
    let same = Command::new("diff").arg("-r").args([office.path("docs"), office.path("out/docs")]).output().unwrap();
    assert!(same.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&same.stdout));
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdout(Stdio::null()).stderr(Stdio::null())
}

#[track_caller]
fn assert_clean(office: &Office, when: &str) {
    let checked = office.run(["check", "--read-data"]);
    let clean = checked.code == Some(0) && checked.last_line().starts_with("NO DAMAGE FOUND: ");
    assert!(clean, "{when}: {}{}", checked.out, checked.err);
}

/// The search catalogue takes about a second to fill here; the moments lie all over them.
#[test]
fn a_search_killed_while_it_fills_its_catalogue_costs_the_next_one_nothing_but_time() {
    let (seed, kills) = (number("CHEST_KILL_SEED", 20_261_121), number("CHEST_KILLS", 30).min(8));
    println!("seed {seed} (CHEST_KILL_SEED replays it)");
    let mut dice = Dice(seed);
    let office = Office::new();
    for file in 0..800 {
        office.write(&format!("docs/{}/{file} minutes.txt", file % 30), "");
    }
    office.back_up().ended(0);
    let messages: String = (0..100)
        .map(|number| {
            format!(
                "From a@example.org Fri Nov 20 10:00:00 2026\nFrom: a@example.org\nTo: b@example.org\n\
                 Subject: Matter {number}\nDate: Fri, 20 Nov 2026 10:00:00 +0000\n\nhedge {number}\n\n"
            )
        })
        .collect();
    office.write("docs/Inbox", &messages);
    office.back_up().ended(0);
    let answer = |words: &[&str]| office.run([&["find", "--all"], words].concat()).ended(0).out;
    let begun = Instant::now();
    let expected = [answer(&["--mail", "hedge"]), answer(&["minutes.txt"])];
    let mut usual = begun.elapsed();
    let hits = |answer: &String| answer.lines().filter(|line| !line.starts_with(' ')).count();
    assert_eq!(expected.each_ref().map(hits), [100, 800]);
    let file = office.stored_files("cache").into_iter().find(|path| path.ends_with("catalogue")).unwrap();
    let (mut killed, mut made_anew) = (0, 0);
    for moment in 0..kills * 10 {
        if killed == kills {
            break;
        }
        std::fs::remove_file(&file).unwrap();
        let mut child = office.command(["find", "--mail", "hedge"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() && !file.exists() {
            sleep(Duration::from_micros(100));
        }
        sleep(usual.mul_f64((dice.next() % 1000) as f64 / 1000.0));
        match kill_if_alive(&mut child) {
            true => killed += 1,
            // The machine was slower when it was measured.
            false => usual = usual.mul_f64(0.8),
        }
        let again = office.run(["find", "--all", "--mail", "hedge"]).ended(0);
        made_anew += u64::from(again.err.contains("made anew"));
        assert_eq!([again.out, answer(&["minutes.txt"])], expected, "seed {seed}, moment {moment}");
    }
    println!("{killed} kills, after {made_anew} of which the catalogue was made anew");
    assert_eq!(killed, kills);
}
