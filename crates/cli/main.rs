//! The `chest` program: encrypted backup for parish councils, from the command line.

mod args;
mod bounded;
mod commands;
mod context;
mod errors;
mod exit;
mod interrupt;
mod machine;
mod mounts;
mod output;
mod own_folders;
mod repository;
mod run_history;
mod secrets;
mod selector;
mod settings;
mod storage_key;
mod time;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    machine::allow_many_open_files();
    let typed = args::Typed::parse();
    let console = output::Console { json: typed.common.json };
    let exit = commands::run(&typed).unwrap_or_else(|failure| {
        console.fail(&failure);
        failure.exit
    });
    exit.into()
}
