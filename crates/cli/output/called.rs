//! Commands that are written out to be pasted into the shell in which the program was called: with the flags that say which
//! repository is meant, and quoted so that every name arrives as the bytes that it is. The quotes are those of a POSIX shell; the
//! shells of Windows have others, and this is the one place to teach them.

use super::names::harmless;
use crate::args::Older;
use crate::settings::{Origin, Settings};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Where a command that is pasted brings things back to: a place that everybody has and may write to. Unquoted, so that the shell
/// knows the home folder.
pub const RESTORED: &str = "~/restored";

/// How the program was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    program: String,
    /// What such a command ends with.
    ending: &'static str,
}

impl Called {
    /// The program, and what was typed about the repository. Variables and the file of settings hold for the pasted command, too.
    pub fn of(settings: &Settings) -> Self {
        let choices = &settings.choices;
        let chosen = [&choices.repository, &choices.s3_endpoint, &choices.s3_region, &choices.s3_ca];
        let flags = chosen.into_iter().flatten().filter_map(|chosen| match chosen.origin {
            Origin::Flag(flag) => Some((flag, chosen.value.as_os_str())),
            _ => None,
        });
        Self::with(&settings.program, flags)
    }

    fn with<'f>(program: &OsStr, flags: impl Iterator<Item = (&'static str, &'f OsStr)>) -> Self {
        let mut text = word(program.as_bytes());
        for (flag, value) in flags {
            // What begins with a dash would be taken for the next flag.
            let between = if value.as_bytes().starts_with(b"-") { '=' } else { ' ' };
            text += &format!(" {flag}{between}{}", word(value.as_bytes()));
        }
        Self { program: text, ending: "" }
    }

    /// The same for commands that read, of which each must say again that an older copy is meant.
    pub fn reading(self, older: Older) -> Self {
        let ending = if older.accept_unproven_state { " --accept-unproven-state" } else { "" };
        Self { ending, ..self }
    }

    /// A command for the same repository; each part of it is quoted already.
    pub fn again(&self, command: &str) -> String {
        format!("{} {command}{}", self.program, self.ending)
    }
}

/// As a shell takes it for one word that is these bytes.
pub fn word(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+,@:".contains(byte);
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && bytes.iter().all(is_plain) => text.to_owned(),
        Ok(text) if harmless(text) == text => format!("'{}'", text.replace('\'', r"'\''")),
        // Nothing on a screen may move a cursor: the shell is told the bytes by their numbers.
        _ => {
            let number = |byte: &u8| format!("\\0{byte:03o}");
            let told =
                bytes.iter().map(|byte| if is_plain(byte) { char::from(*byte).to_string() } else { number(byte) });
            format!("\"$(printf '%b' '{}')\"", told.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What a shell makes of it.
    fn arrived(words: &str) -> Vec<u8> {
        let output = Command::new("sh").arg("-c").arg(format!("printf '%s|' {words}")).output().unwrap();
        assert!(output.status.success(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    #[test]
    fn every_word_arrives_in_a_shell_as_the_bytes_that_it_is() {
        let hostile: [&[u8]; 12] = [
            b"docs/a.txt",
            b"docs/Clerk's notes.txt",
            b"",
            b"-rf",
            b"~/x",
            b"$HOME `id` \"$(id)\" \\x41 \\",
            b"!history",
            b"a;b&c|d>e<f(g)*?[h]{i}#j",
            b"odd\xff\n\x1b[2J%s\\101name",
            "pay\u{202e}fdp".as_bytes(),
            "Zoë’s café".as_bytes(),
            b"\xff-'\"",
        ];
        for bytes in hostile {
            let word = word(bytes);
            assert_eq!(arrived(&word), [bytes, b"|"].concat(), "{word}");
            assert!(!word.chars().any(char::is_control), "{word:?}");
        }
        assert_eq!(word(b"docs/a.txt"), "docs/a.txt");
        assert_eq!(word(b"docs/Clerk's notes.txt"), r"'docs/Clerk'\''s notes.txt'");
    }

    #[test]
    fn what_was_typed_about_the_repository_is_typed_again() {
        let flags = [("--repo", OsStr::new("-odd place")), ("--s3-region", OsStr::new("uk"))];
        let called = Called::with(OsStr::new("./chest"), flags.into_iter());
        assert_eq!(called.again("snapshots"), "./chest --repo='-odd place' --s3-region uk snapshots");
        let older = called.reading(Older { accept_unproven_state: true }).again("snapshots");
        assert_eq!(older, "./chest --repo='-odd place' --s3-region uk snapshots --accept-unproven-state");
    }
}
