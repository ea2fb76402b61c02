//! The commands, one file each, in four steps: parse, open, call, render.

mod backup;
mod cat;
mod check;
pub mod demo;
mod diff;
mod enrol;
mod find;
mod init;
mod key_test;
mod ls;
mod manual;
mod restore;
mod snapshots;

use crate::args::{Command, Common, Key, Typed, Writer};
use crate::context::Workplace;
use crate::errors::Failure;
use crate::exit::Exit;

/// Runs what was typed.
pub fn run(typed: Typed) -> Result<Exit, Failure> {
    let command = match typed.command {
        // These two need no settings: they work also where a user has no home.
        Command::Completions(args) => return manual::completions(args.shell),
        Command::Man(args) => return manual::page(&args.command),
        // It keeps away from every setting there is.
        Command::Demo(args) => return Ok(demo::run(&args, &typed.common)),
        command => command,
    };
    let workplace = Workplace::new(&typed.common)?;
    let result = run_in(&workplace, &typed.common, command);
    workplace.quiet();
    result
}

fn run_in(workplace: &Workplace, common: &Common, command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Init(args) => init::run(workplace, &args),
        Command::Backup(args) => backup::run(workplace, &args),
        Command::Snapshots(args) => snapshots::run(workplace, &args),
        Command::Ls(args) => ls::run(workplace, &args),
        Command::Find(args) => find::run(workplace, args),
        Command::Cat(args) => cat::run(workplace, &args),
        Command::Diff(args) => diff::run(workplace, &args),
        Command::Restore(args) => restore::run(workplace, &args),
        Command::Check(args) => check::run(workplace, &args),
        Command::Writer(Writer::Enrol) => enrol::run(workplace),
        Command::Key(Key::Test) => key_test::run(workplace),
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man(args) => manual::page(&args.command),
        Command::Demo(args) => Ok(demo::run(&args, common)),
    }
}
