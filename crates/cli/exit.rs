//! The exit codes that scripts may rely on: one enum, one page (`docs/exit-codes.md`), one test that holds them together.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// It failed in a way that has no code of its own.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// A backup is PARTIAL, or the target of a restore refused some items.
    Partial = 3,
    /// Something stored is damaged.
    Damage = 4,
    /// Something was examined and found wanting.
    Wanting = 5,
    /// Refused, or not called complete, for safety: what was found does not look right.
    Doubtful = 6,
    /// There is no repository.
    NoRepository = 10,
    /// There is one already.
    AlreadyExists = 11,
    /// The repository cannot be unlocked, or this computer is not enrolled.
    CannotUnlock = 12,
    /// The store cannot be reached.
    Unreachable = 13,
    /// Another run is active.
    Busy = 14,
    /// The store refused the credential or lacks the right.
    Refused = 15,
    /// The history contradicts itself or what was seen before.
    History = 16,
    /// No space, or over quota.
    NoSpace = 17,
    /// Somebody asked to stop.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Typed;
    use clap::CommandFactory;

    const ALL: [Exit; 16] = [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Partial,
        Exit::Damage,
        Exit::Wanting,
        Exit::Doubtful,
        Exit::NoRepository,
        Exit::AlreadyExists,
        Exit::CannotUnlock,
        Exit::Unreachable,
        Exit::Busy,
        Exit::Refused,
        Exit::History,
        Exit::NoSpace,
        Exit::Interrupted,
    ];

    #[test]
    fn the_help_names_every_code() {
        let help = Typed::command().render_help().to_string();
        let (_, codes) = help.split_once("Exit codes:").unwrap();
        let spans = codes.split(|letter: char| !letter.is_ascii_digit() && letter != '-').filter_map(|span| {
            let (first, last) = span.split_once('-').unwrap_or((span, span));
            Some(first.parse::<u8>().ok()?..=last.parse::<u8>().ok()?)
        });
        let named: Vec<u8> = spans.flatten().collect();
        assert_eq!(named, ALL.map(|exit| exit as u8));
    }

    #[test]
    fn the_page_lists_exactly_the_codes_that_are_in_use() {
        let page = include_str!("../../docs/exit-codes.md");
        let listed: Vec<u8> =
            page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()?.trim().parse().ok()).collect();
        assert_eq!(listed, ALL.map(|exit| exit as u8));
    }
}
