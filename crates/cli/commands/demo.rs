//! `chest demo`: the whole job once, with an invented council in a folder of its own. Whoever has just built the program sees
//! within two minutes whether what was stored comes back. No `CHEST_*` variable is looked at: the demonstration must be the
//! same everywhere, and must never come near a real repository.

mod compare;
mod desk;
mod letter;
mod place;
mod screen;
mod story;

use crate::args::Common;
use crate::errors::CliError;
use crate::exit::Exit;
use clap::Args;
use place::Place;
use screen::Screen;
use serde::Serialize;
use std::path::PathBuf;
use story::{Story, Trouble};

/// Try the whole job with an invented council
///
/// Writes the papers and mailboxes of a council that does not exist, backs them up, lets a week pass, backs up again, brings a
/// deleted file and a lost e-mail back, restores everything, compares every byte by a second walk that has nothing to do with the backup, and
/// checks what is stored. Ignores every CHEST_ variable and writes only below DIR. Needs about three times --size of room.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest demo\n  \
    chest demo --prove                    spoils one restored byte on purpose, and must fail\n  \
    chest demo --dir /tmp/try --size 50   stays there for a look around")]
pub struct Demo {
    /// Where: a folder that is empty or does not exist yet; unless given, a new one in the temporary folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// How much the council has, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    size: u64,
    /// Which council: the same number gives the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Change one byte of one restored file before the comparison, which must then find it (exit code 1)
    #[arg(long)]
    prove: bool,
    /// Keep the folder in the temporary folder too; one named with --dir is always kept
    #[arg(long)]
    keep: bool,
}

/// How it ended, for programs.
#[derive(Serialize)]
struct Ended<'e> {
    result: &'static str,
    folder: String,
    kept: bool,
    #[serde(flatten)]
    story: &'e story::Figures,
    problem: Option<String>,
}

/// Runs it.
pub fn run(demo: &Demo, common: &Common) -> Result<Exit, CliError> {
    let screen = Screen::new(common);
    if common.repo.is_some() {
        return Err(CliError::DemoWithRepository);
    }
    let place = Place::prepare(demo.dir.as_deref()).map_err(|error| CliError::DemoPlace(error.to_string()))?;
    let mut story = Story::new(&place, &screen, demo.seed, demo.size << 20);
    let told = story.tell(demo.prove);
    // What failed is there to be looked at; whoever pressed Ctrl-C does not want to.
    let failed = told.as_ref().is_err_and(|trouble| trouble.exit() != Exit::Interrupted);
    let keep = demo.keep || !place.temporary || failed;
    let kept = keep || place.remove().is_err();
    Ok(end(&screen, &place, &story, told, kept))
}

fn end(screen: &Screen, place: &Place, story: &Story<'_>, told: Result<(), Trouble>, kept: bool) -> Exit {
    let folder = place.folder().display().to_string();
    let (result, exit, problem) = match told {
        Ok(()) => ("passed", Exit::Done, None),
        Err(trouble) => ("failed", trouble.exit(), Some(trouble.to_string())),
    };
    screen.json(&Ended { result, folder: folder.clone(), kept, story: &story.figures, problem: problem.clone() });
    screen.say("");
    let whereabouts = if kept { format!("Folder: {folder}") } else { format!("Folder: {folder} (removed)") };
    match problem {
        None => {
            if kept {
                story.look_around();
            }
            screen.say(&format!("PASSED: {} {whereabouts}", story.praise()));
        }
        Some(problem) => {
            // The last line says the rest; only advice on what to do next is longer.
            if problem.contains('\n') {
                screen.complain(&problem);
            }
            screen.say(&format!("FAILED: {} {whereabouts}", problem.lines().next().unwrap_or_default()));
        }
    }
    exit
}
