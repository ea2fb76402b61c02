//! Saves a message, or what is attached to it, into a folder: under a name that does no harm, and never over another file.

use super::find_mail::{FetchedMessage, MailHit};
use crate::target::{ExistingItem, ItemKind, Placed, Target, TargetError, TargetOptions};
use crate::{Context, EngineError};
use chest_model::{Metadata, TreePath};
use std::path::Path;

/// Longer names are cut off; what tells several files of one name apart still fits.
const LONGEST_NAME: usize = 120;
/// Windows takes these for devices, whatever follows the dot.
const DEVICES: [&str; 8] = ["con", "prn", "aux", "nul", "com", "lpt", "conin$", "conout$"];

/// What is saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SavedAs {
    /// The message, under its day and subject.
    Message {
        /// The day on which it was sent, as it stands in the name; nothing where it says none.
        day: Option<String>,
    },
    /// What is attached to it, under the names that the sender gave.
    Attachments,
}

/// What was saved.
#[derive(Debug)]
pub struct SavedFiles {
    /// Where each file is, and how long it is.
    pub files: Vec<(Placed, u64)>,
    /// Nothing that is attached was left out: there may be more in a message than is taken in of one.
    pub is_all: bool,
    /// Some of the message is missing or wrong; a note beside it says so.
    pub is_damaged: bool,
}

/// Saves a message, or its attachments, those of the messages attached to it included. `restored_on` stands in the names of files that are written
/// beside others.
pub fn save_message(
    context: &Context<'_>,
    message: &FetchedMessage,
    what: &SavedAs,
    to: &Path,
    restored_on: &str,
) -> Result<SavedFiles, EngineError> {
    let options = TargetOptions { restored_on: restored_on.to_owned(), ..TargetOptions::default() };
    let target = Target::open_or_create(to, options)?;
    let save = |name: &str, content: &[u8]| save_file(&target, context, name, content);
    let mut files = Vec::new();
    let is_all = match what {
        SavedAs::Message { day } => {
            files.push(save(&message_name(&message.hit, day.as_deref()), &message.raw)?);
            true
        }
        SavedAs::Attachments => chest_mail::visit_attachments(&message.raw, &mut |name, content| {
            files.push(save(&harmless_file_name(name), content)?);
            Ok::<_, EngineError>(())
        })?,
    };
    let note = chest_mail::damage_note(&message.raw);
    if let Some((name, words)) = &note {
        files.push(save(name, words.as_bytes())?);
    }
    target.sync()?;
    Ok(SavedFiles { files, is_all, is_damaged: note.is_some() })
}

fn save_file(target: &Target, context: &Context<'_>, name: &str, content: &[u8]) -> Result<(Placed, u64), EngineError> {
    let length = content.len() as u64;
    let path = TreePath::root().child(name.as_bytes());
    let path = path.map_err(|_| TargetError::NameTooLong { path: TreePath::root() })?;
    let named_so = target.existing(&path)?.map(|item| (path.clone(), item));
    // Where the name is taken, it may have been saved beside that earlier today.
    let beside = named_so.iter().flat_map(|_| target.copies_beside((&path).into()));
    let mut there = named_so.clone().into_iter().chain(beside);
    let is_it = |(path, item): &(TreePath, ExistingItem)| {
        item.kind == ItemKind::File && item.size == length && is_same(target, path, content)
    };
    if let Some((path, item)) = there.find(is_it) {
        return Ok((target.keep_existing(&path, &item), length));
    }
    let file = target.begin_file(&path, length)?;
    file.write_at(0, content)?;
    let metadata = Metadata { mode: Some(0o600), modified: context.environment.now(), ..Metadata::default() };
    Ok((file.finish(&metadata)?, length))
}

fn is_same(target: &Target, path: &TreePath, content: &[u8]) -> bool {
    let Ok(existing) = target.read_existing(path) else { return false };
    let mut buffer = vec![0; 64 << 10];
    let mut at = 0;
    while at < content.len() {
        match existing.read_at(at as u64, &mut buffer) {
            Ok(read @ 1..) if content[at..].starts_with(&buffer[..read]) => at += read,
            _ => return false,
        }
    }
    true
}

fn message_name(hit: &MailHit, day: Option<&str>) -> String {
    let subject = if hit.subject.is_empty() { "no subject" } else { &hit.subject };
    let name = harmless_file_name(&format!("{} {subject}", day.unwrap_or("undated")));
    format!("{name}.eml")
}

/// A name for a file from what a stranger wrote: one component, visible, of letters that every system takes, and none that a
/// program would take for an option.
pub fn harmless_file_name(text: &str) -> String {
    let forbidden = |letter: char| letter.is_control() || r#"/\:*?"<>|"#.contains(letter);
    let letters = text.chars().filter(|letter| !is_unseen(*letter));
    let replaced: String = letters.map(|letter| if forbidden(letter) { '-' } else { letter }).collect();
    let is_lost_at_the_end = |letter: char| letter == '.' || letter.is_whitespace();
    let trimmed = replaced.trim_start_matches(|letter: char| letter == '-' || is_lost_at_the_end(letter));
    let trimmed = trimmed.trim_end_matches(is_lost_at_the_end);
    let (stem, extension) = match trimmed.rfind('.') {
        Some(dot) if trimmed.len() - dot <= 16 => trimmed.split_at(dot),
        _ => (trimmed, ""),
    };
    let stem = stem[..stem.floor_char_boundary(LONGEST_NAME - extension.len())].trim_end_matches(is_lost_at_the_end);
    let first = stem.split('.').next().unwrap_or_default().trim().to_lowercase();
    let is_number = |letter: char| letter.is_ascii_digit() || "¹²³".contains(letter);
    let is_device = DEVICES.contains(&first.trim_end_matches(is_number));
    let stem = if stem.is_empty() || is_device { format!("file {stem}") } else { stem.to_owned() };
    format!("{}{extension}", stem.trim_end())
}

/// Letters that take no room, and those that turn the direction of writing.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_stranger_calls_a_file_is_one_harmless_name() {
        for (given, expected) in [
            ("Quote 7.pdf", "Quote 7.pdf"),
            ("../../etc/passwd", "etc-passwd"),
            ("-rf", "rf"),
            (" -- .--", "file"),
            (r"C:\Windows\x.exe", "C--Windows-x.exe"),
            (".bashrc", "bashrc"),
            ("..", "file"),
            ("", "file"),
            ("con.txt", "file con.txt"),
            ("LPT1", "file LPT1"),
            ("COM¹.txt", "file COM¹.txt"),
            ("CONOUT$", "file CONOUT$"),
            ("a\u{202e}fdp.exe", "afdp.exe"),
            ("a\nb\0c", "a-b-c"),
            ("x. ", "x"),
            ("x .pdf", "x.pdf"),
            ("invoice\u{200b}\u{feff}.pdf", "invoice.pdf"),
        ] {
            assert_eq!(harmless_file_name(given), expected, "{given:?}");
        }
        let long = harmless_file_name(&format!("{}.docx", "é".repeat(500)));
        assert!(long.len() <= LONGEST_NAME && long.ends_with("é.docx"), "{long}");
        let dots = harmless_file_name(&format!("x{}y", ".".repeat(300)));
        assert_eq!(dots, "x.y");
        let cut = harmless_file_name(&format!("{}. {}", "a".repeat(118), "b".repeat(200)));
        assert_eq!(cut, "a".repeat(118));
    }
}
