//! Commands that are written out to be pasted into the shell in which the program was called: with the flags that say which
//! repository is meant, and quoted so that every name arrives as the bytes that it is. The quotes are those of a POSIX shell; the
//! shells of Windows have others, and this is the one place to teach them.

use super::names::harmless;
use crate::args::Older;
use crate::repository::Repository;
use crate::settings::{Origin, Settings};
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

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
        let is_folder = matches!(settings.repository, Ok(Repository::Folder(_)));
        let chosen = [
            (&choices.repository, is_folder),
            (&choices.s3_endpoint, false),
            (&choices.s3_region, false),
            (&choices.s3_ca, true),
        ];
        let flags = chosen.into_iter().filter_map(|(chosen, is_path)| {
            let chosen = chosen.as_ref()?;
            let Origin::Flag(flag) = chosen.origin else { return None };
            let value = chosen.value.as_os_str();
            Some((flag, if is_path { from_anywhere(value) } else { Cow::Borrowed(value) }))
        });
        // The shell looks a bare name up wherever it is.
        let is_path = settings.program.as_bytes().contains(&b'/');
        let program = if is_path { from_anywhere(&settings.program) } else { Cow::Borrowed(&*settings.program) };
        Self::with(&program, flags)
    }

    fn with<'f>(program: &OsStr, flags: impl Iterator<Item = (&'static str, Cow<'f, OsStr>)>) -> Self {
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

/// A path as it is from any folder, because nobody knows in which the command is pasted.
fn from_anywhere(path: &OsStr) -> Cow<'_, OsStr> {
    // It fails where the folder in which the program was called is gone: then no name would help.
    std::path::absolute(Path::new(path)).map_or(Cow::Borrowed(path), |path| Cow::Owned(path.into_os_string()))
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
    fn a_path_is_the_same_from_any_folder() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(*from_anywhere(OsStr::new("b's/r")), *here.join("b's/r").as_os_str());
        assert_eq!(*from_anywhere(OsStr::new("/media/usb")), *OsStr::new("/media/usb"));
        assert_eq!(*from_anywhere(OsStr::new("")), *OsStr::new(""));
    }

    #[test]
    fn what_was_typed_about_the_repository_is_typed_again() {
        let flags = [("--repo", "-odd place"), ("--s3-region", "uk")]
            .map(|(flag, value)| (flag, Cow::Borrowed(OsStr::new(value))));
        let called = Called::with(OsStr::new("./chest"), flags.into_iter());
        assert_eq!(called.again("snapshots"), "./chest --repo='-odd place' --s3-region uk snapshots");
        let older = called.reading(Older { accept_unproven_state: true }).again("snapshots");
        assert_eq!(older, "./chest --repo='-odd place' --s3-region uk snapshots --accept-unproven-state");
    }
}
