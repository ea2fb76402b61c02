//! Kills a process that puts, over and over, and looks at what it left: every acknowledged object is there and whole, no
//! torn object has a name, and the next process that puts clears up. Without the usual harness, because it starts itself.

use chest_store::{LocalStore, ObjectName, ObjectStore, PutOutcome};
use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

const ROUNDS: u64 = 25;
const SEED: u64 = 20_261_104;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "child", folder, round] => put_for_ever(Path::new(folder), round.parse()?),
        _ => kill_and_look(),
    }
}

fn put_for_ever(folder: &Path, round: u64) -> Result<(), Box<dyn Error>> {
    let store = LocalStore::open(folder)?;
    let mut stdout = std::io::stdout();
    for number in 0.. {
        let (name, bytes) = object(round, number)?;
        if store.put(&name, bytes.into())? == PutOutcome::Done {
            writeln!(stdout, "{name}")?;
            stdout.flush()?;
        }
    }
    Ok(())
}

/// Where the name tells the content.
fn object(round: u64, number: u64) -> Result<(ObjectName, Vec<u8>), Box<dyn Error>> {
    let name = ObjectName::new(format!("packs/{:02x}/{round}-{number}", number % 16))?;
    Ok((name, content(round, number)))
}

fn content(round: u64, number: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(round << 32 | number);
    let mut bytes = vec![0; random.usize(0..2_000_000)];
    random.fill(&mut bytes);
    bytes
}

fn kill_and_look() -> Result<(), Box<dyn Error>> {
    println!("seed {SEED}");
    let mut random = fastrand::Rng::with_seed(SEED);
    let folder = tempfile::tempdir()?;
    let (mut acknowledged, mut left_behind) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        acknowledged.extend(names_put_before_the_kill(folder.path(), round, random.u64(20..200))?);
        left_behind += look(folder.path(), &acknowledged)?;
    }
    println!(
        "{} objects acknowledged, {left_behind} temporary files left behind in {ROUNDS} kills",
        acknowledged.len()
    );
    assert!(!acknowledged.is_empty(), "no child came to a put: the test shows nothing");
    assert!(left_behind > 0, "no child was killed within a put: the test shows nothing");
    Ok(())
}

fn names_put_before_the_kill(folder: &Path, round: u64, milliseconds: u64) -> Result<Vec<String>, Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("child")
        .arg(folder)
        .arg(round.to_string())
        .stdout(Stdio::piped())
        .spawn()?;
    std::thread::sleep(Duration::from_millis(milliseconds));
    assert!(child.try_wait()?.is_none(), "the child ended by itself");
    child.kill()?;
    child.wait()?;
    let stdout = child.stdout.take().ok_or("no output")?;
    Ok(BufReader::new(stdout).lines().collect::<Result<_, _>>()?)
}

/// Checks all objects, and lets a new store clear up; returns how many temporary files there were.
fn look(folder: &Path, acknowledged: &[String]) -> Result<usize, Box<dyn Error>> {
    let store = LocalStore::open(folder)?;
    let listed: Vec<String> = store.list("packs/")?.into_iter().map(|line| line.name.to_string()).collect();
    for name in acknowledged {
        assert!(listed.contains(name), "{name} was acknowledged and is not there");
    }
    for name in &listed {
        let (round, number) = name.rsplit('/').next().and_then(|leaf| leaf.split_once('-')).ok_or("no such name")?;
        let whole = content(round.parse()?, number.parse()?);
        assert!(store.get(&ObjectName::new(name.as_str())?)? == whole, "{name} is torn");
    }
    let strays = store.strays()?;
    assert!(strays.iter().all(|stray| stray.left_by_us), "{strays:?}");
    assert_eq!(store.put(&ObjectName::new("clearing/up")?, "x".into())?, PutOutcome::Done);
    // The name is there from the second round on: sweeping must not depend on anything being written.
    assert_eq!(store.strays()?, []);
    Ok(strays.len())
}
