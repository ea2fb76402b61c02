//! The commands, one file each, in four steps: parse, open, call, render.

mod backup;
mod cat;
mod check;
mod config;
pub mod demo;
mod diff;
mod doctor;
mod enrol;
mod find;
mod history;
mod init;
mod key_test;
mod ls;
mod mail;
mod manual;
mod restore;
mod snapshots;

use crate::args::{Command, Common, Key, Mail, Typed, Writer};
use crate::context::Workplace;
use crate::errors::Failure;
use crate::exit::Exit;

/// Runs what was typed.
pub fn run(typed: &Typed) -> Result<Exit, Failure> {
    let common = &typed.common;
    match &typed.command {
        Command::Init(args) => at_work(common, |workplace| init::run(workplace, args)),
        Command::Backup(args) => at_work(common, |workplace| backup::run(workplace, args)),
        Command::Snapshots(args) => at_work(common, |workplace| snapshots::run(workplace, args)),
        Command::Ls(args) => at_work(common, |workplace| ls::run(workplace, args)),
        Command::Find(args) => at_work(common, |workplace| find::run(workplace, args)),
        Command::Mail(Mail::Show(args)) => at_work(common, |workplace| mail::show(workplace, args)),
        Command::Mail(Mail::Save(args)) => at_work(common, |workplace| mail::save(workplace, args)),
        Command::Cat(args) => at_work(common, |workplace| cat::run(workplace, args)),
        Command::Diff(args) => at_work(common, |workplace| diff::run(workplace, args)),
        Command::Restore(args) => at_work(common, |workplace| restore::run(workplace, args)),
        Command::Check(args) => at_work(common, |workplace| check::run(workplace, args)),
        Command::History(args) => at_work(common, |workplace| history::run(workplace, args)),
        Command::Doctor(_) => at_work(common, doctor::run),
        Command::Writer(Writer::Enrol(args)) => at_work(common, |workplace| enrol::run(workplace, args)),
        Command::Key(Key::Test) => at_work(common, key_test::run),
        // These need no settings: they work also where a user has no home.
        Command::Config(what) => config::run(common, *what),
        Command::Demo(args) => Ok(demo::run(args, common)?),
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man(args) => manual::page(&args.command),
    }
}

fn at_work(common: &Common, command: impl FnOnce(&Workplace) -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    let workplace = Workplace::new(common)?;
    let result = command(&workplace);
    // Whatever comes next on the screen is not to be drawn over.
    workplace.quiet();
    result
}
