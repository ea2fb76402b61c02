//! The e-mail that gets lost: cut out of a mailbox between two backups, by code that shares nothing with what finds it again.
//! Keep it so: no `use` of any crate of ours but for the walk.

use super::compare;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What begins a message in an mbox file, after an empty line (RFC 4155).
const BEGINNING: &[u8] = b"From ";

/// A message that is in the first backup and no longer in its mailbox.
pub(super) struct LostLetter {
    /// Below the folder of mailboxes.
    pub(super) mailbox: PathBuf,
    pub(super) subject: String,
    /// Its bytes, kept aside.
    pub(super) content: Vec<u8>,
}

/// Cuts a message out of the smallest of the mailboxes.
pub(super) fn lose(mailboxes: &Path, pick: impl FnOnce(usize) -> Option<usize>) -> io::Result<Option<LostLetter>> {
    let items = compare::walk(mailboxes)?;
    let boxes = compare::files(&items).filter(|(path, _)| compare::has_extension(path, "mbox"));
    let Some((mailbox, _)) = boxes.min_by_key(|(_, bytes)| *bytes) else { return Ok(None) };
    let file = mailboxes.join(mailbox);
    let bytes = fs::read(&file)?;
    let ends = beginnings(&bytes);
    // What the week has brought stands at the end.
    let messages = ends.windows(2).take(ends.len() / 2).map(|pair| (pair[0], pair[1]));
    let mut fit: Vec<(usize, usize, String)> =
        messages.filter_map(|(from, to)| Some((from, to, plain_subject(&bytes[from..to])?))).collect();
    let Some((from, to, subject)) = pick(fit.len()).map(|at| fit.swap_remove(at)) else { return Ok(None) };
    fs::write(&file, [&bytes[..from], &bytes[to..]].concat())?;
    let content = content(&bytes[from..to]).to_vec();
    Ok(Some(LostLetter { mailbox: mailbox.clone(), subject, content }))
}

fn beginnings(bytes: &[u8]) -> Vec<usize> {
    let is_beginning =
        |at: &usize| bytes[*at..].starts_with(BEGINNING) && (*at == 0 || bytes[..*at].ends_with(b"\n\n"));
    let lines = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    std::iter::once(0).chain(lines).filter(|at| *at < bytes.len()).filter(is_beginning).collect()
}

/// A message without the line that begins it and the empty one after it.
fn content(entry: &[u8]) -> &[u8] {
    let begins = entry.iter().position(|byte| *byte == b'\n').map_or(entry.len(), |at| at + 1);
    let content = &entry[begins..];
    content.strip_suffix(b"\n").unwrap_or(content)
}

/// The subject of a message that can be typed as it stands, on one line; of a message in which nothing is quoted for the
/// mailbox's sake, so that its bytes are those of the mailbox.
fn plain_subject(entry: &[u8]) -> Option<String> {
    if entry.windows(6).any(|bytes| bytes == b">From ") {
        return None;
    }
    let headers = content(entry).split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let mut headers = headers.skip_while(|line| !line.starts_with(b"Subject: "));
    let subject = std::str::from_utf8(headers.next()?.strip_prefix(b"Subject: ")?).ok()?.trim_end();
    let is_whole = headers.next().is_none_or(|next| !next.starts_with(b" ") && !next.starts_with(b"\t"));
    let is_plain = !subject.is_empty() && subject.is_ascii() && !subject.contains(['=', '\'', '"', '\\']);
    (is_whole && is_plain).then(|| subject.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILBOX: &[u8] = b"From a\nSubject: One\n\nFirst.\n\nFrom b\nSubject: =?utf-8?q?two?=\n\nSecond.\n\n\
        From c\nSubject: Three\n\n>From here on.\n\nFrom d\nSubject: Four\n folded\n\nFrom x, not a beginning.\n\nFrom e\nSubject: Five\n\nLast.\n";

    #[test]
    fn a_mailbox_is_cut_between_messages_and_only_plain_ones_are_chosen() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("in.mbox"), MAILBOX).unwrap();
        let lost = lose(folder.path(), |fitting| (fitting == 1).then_some(0)).unwrap().unwrap();
        assert_eq!((lost.subject.as_str(), &lost.content[..]), ("One", &b"Subject: One\n\nFirst.\n"[..]));
        let left = fs::read(folder.path().join("in.mbox")).unwrap();
        assert_eq!(left, MAILBOX[b"From a\nSubject: One\n\nFirst.\n\n".len()..]);
    }

    #[test]
    fn where_there_is_no_mailbox_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        assert!(lose(folder.path(), |_| Some(0)).unwrap().is_none());
    }
}
