//! The names that a restore makes up: shorter ones for those that no folder can hold, those beside a name that is taken, and the hidden
//! ones of unfinished files.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use chest_model::TreePath;

/// The longest name, in bytes, on every file system in common use.
pub(super) const MAX_NAME: usize = 255;
/// A name that is made shorter leaves room for what is put into it where it is taken, too.
const SHORTENED: usize = 200;
const LONGEST_DAY: usize = 64;
const LONGEST_EXTENSION: usize = 16;
const TEMPORARY_PREFIX: &str = ".chest-unfinished-";

/// A name as a folder can hold it: itself; where it is too long its beginning, a mark with a hash of the whole name, and its extension. So
/// two long names stay two, and each becomes the same in every restore.
pub fn fitting_name(name: &[u8]) -> Cow<'_, [u8]> {
    if name.len() <= MAX_NAME {
        return Cow::Borrowed(name);
    }
    let (stem, extension) = split_extension(name);
    let hash = blake3::hash(name).to_hex();
    let mark = format!(" (shortened {})", &hash[..16]);
    let room = SHORTENED - mark.len() - extension.len();
    Cow::Owned([cut(stem, room), mark.as_bytes(), extension].concat())
}

/// What is put into a name that is taken. The day comes from outside and may be written with slashes.
pub(super) fn label(restored_on: &str) -> String {
    let day: String = restored_on.replace(['/', '\0'], "-");
    let end = day.floor_char_boundary(LONGEST_DAY);
    format!(" (restored {})", &day[..end])
}

/// The names to try for an item, best first: its own, then those beside it. A name of the form of unfinished files is
/// not given to anything finished, because a later restore would take it for a leftover.
pub(super) fn candidates<'a>(name: &'a [u8], label: &'a str) -> impl Iterator<Item = (Rank, Vec<u8>)> + 'a {
    const TRIES: u32 = 10_000;
    let own = (!is_temporary(name)).then(|| (Rank::Own, name.to_vec()));
    own.into_iter().chain((1..=TRIES).map(|number| (Rank::Beside, beside(name, label, number))))
}

/// Whether a name is the item's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rank {
    /// The name that it has in the snapshot.
    Own,
    /// One that is made up, because its own is taken.
    Beside,
}

/// The names that items get in a restore of one day, in the order in which they are tried.
#[derive(Debug)]
pub struct NamesToTry {
    label: String,
}

impl NamesToTry {
    /// For a restore of this day.
    pub fn new(restored_on: &str) -> Self {
        Self { label: label(restored_on) }
    }

    /// For the item that shall be at `path`.
    pub fn of<'a>(&'a self, path: &'a TreePath) -> impl Iterator<Item = (Rank, TreePath)> + 'a {
        let names = path.name().into_iter().flat_map(|own| candidates(own, &self.label));
        names.filter_map(|(rank, name)| Some((rank, path.parent()?.child(&name).ok()?)))
    }
}

fn beside(name: &[u8], label: &str, number: u32) -> Vec<u8> {
    let (stem, extension) = split_extension(name);
    let number = if number > 1 { format!(" ({number})") } else { String::new() };
    let room = MAX_NAME - label.len() - number.len() - extension.len();
    [cut(stem, room), label.as_bytes(), number.as_bytes(), extension].concat()
}

/// The extension with its dot, so that a program still knows the file; `.tar.gz` and its like are one. A dot in a
/// sentence begins no extension, nor does the first dot of a hidden file.
fn split_extension(name: &[u8]) -> (&[u8], &[u8]) {
    let Some(dot) = last_dot(name) else { return (name, b"") };
    let extension = &name[dot + 1..];
    if extension.is_empty() || extension.len() > LONGEST_EXTENSION || extension.contains(&b' ') {
        return (name, b"");
    }
    match last_dot(&name[..dot]) {
        Some(earlier) if name[earlier..dot].eq_ignore_ascii_case(b".tar") => name.split_at(earlier),
        _ => name.split_at(dot),
    }
}

fn last_dot(name: &[u8]) -> Option<usize> {
    name.iter().rposition(|&byte| byte == b'.').filter(|&at| at > 0)
}

/// At most `room` bytes, and no character of UTF-8 in halves.
fn cut(stem: &[u8], room: usize) -> &[u8] {
    let is_inside_character = |at: usize| stem.get(at).is_some_and(|byte| byte & 0b1100_0000 == 0b1000_0000);
    let mut end = room.min(stem.len());
    for _ in 0..3 {
        if end > 0 && end < stem.len() && is_inside_character(end) {
            end -= 1;
        }
    }
    &stem[..end]
}

/// A hidden name for something unfinished, never the same twice in one run of the program: a sweep that has just found
/// a leftover must not meet something new under its name.
pub(super) fn next_temporary() -> Vec<u8> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    temporary(std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

fn temporary(process: u32, number: u64) -> Vec<u8> {
    format!("{TEMPORARY_PREFIX}{process:08x}-{number:08x}").into_bytes()
}

/// Whether a name has exactly the form of those that [`temporary`] makes.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    let Some(rest) = name.strip_prefix(TEMPORARY_PREFIX.as_bytes()) else { return false };
    let is_number = |part: &[u8]| part.len() >= 8 && part.iter().all(u8::is_ascii_hexdigit);
    let mut parts = rest.split(|&byte| byte == b'-');
    parts.next().is_some_and(is_number) && parts.next().is_some_and(is_number) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside_text(name: &str, number: u32) -> String {
        String::from_utf8(beside(name.as_bytes(), &label("21 November 2026"), number)).unwrap()
    }

    #[test]
    fn the_label_stands_before_the_extension() {
        for (name, expected) in [
            ("minutes.docx", "minutes (restored 21 November 2026).docx"),
            ("a.tar.gz", "a (restored 21 November 2026).tar.gz"),
            ("a.b.gz", "a.b (restored 21 November 2026).gz"),
            (".tar.gz", ".tar (restored 21 November 2026).gz"),
            ("README", "README (restored 21 November 2026)"),
            (".hidden", ".hidden (restored 21 November 2026)"),
            (".hidden.txt", ".hidden (restored 21 November 2026).txt"),
            ("dot.", "dot. (restored 21 November 2026)"),
            ("Item 3. Hedges of the cemetery", "Item 3. Hedges of the cemetery (restored 21 November 2026)"),
        ] {
            assert_eq!(beside_text(name, 1), expected);
        }
    }

    #[test]
    fn the_second_and_later_ones_are_numbered() {
        assert_eq!(beside_text("a.txt", 2), "a (restored 21 November 2026) (2).txt");
        assert_eq!(beside_text("a", 10), "a (restored 21 November 2026) (10)");
    }

    #[test]
    fn a_long_name_is_cut_between_characters_and_keeps_its_extension() {
        let name = format!("x{}.pdf", "é".repeat(125));
        assert_eq!(name.len(), 255);
        let made = beside_text(&name, 12);
        assert!(made.len() <= 255 && made.len() >= 253, "{}", made.len());
        assert!(made.starts_with("xéé") && made.ends_with(" (restored 21 November 2026) (12).pdf"), "{made}");
    }

    #[test]
    fn a_name_that_no_folder_can_hold_is_shortened_openly_and_stays_one_of_its_own() {
        let long = |end: &str| format!("{}{end}", "ŵ".repeat(130));
        let fitting = |name: &str| String::from_utf8(fitting_name(name.as_bytes()).into_owned()).unwrap();
        let made = fitting(&long("1.docx"));
        assert!(made.starts_with("ŵŵŵ") && made.ends_with(").docx") && made.contains(" (shortened "), "{made}");
        assert_ne!(made, fitting(&long("2.docx")), "they begin alike");
        assert_eq!(made, fitting(&long("1.docx")), "it is the same every time");
        assert_eq!(fitting(&made), made);
        for name in [long(""), long(".tar.gz"), long(". A sentence that ends in no extension"), "x".repeat(300)] {
            let made = fitting(&name);
            assert!((SHORTENED - 1..=SHORTENED).contains(&made.len()), "{made}");
            // Taken, it is marked as what it is all the same.
            let taken = beside_text(&made, 10_000);
            assert!(taken.len() <= MAX_NAME && taken.contains(" (shortened "), "{taken}");
        }
        for name in ["x".repeat(MAX_NAME), "a.b".into(), String::new()] {
            assert_eq!(fitting(&name), name);
        }
        assert_eq!(fitting_name(&[0xff; 300]).len(), SHORTENED);
    }

    #[test]
    fn names_that_are_not_utf_8_keep_their_bytes() {
        let made = beside(b"\xff\xfe.txt", &label("1 May 2027"), 1);
        assert_eq!(made, b"\xff\xfe (restored 1 May 2027).txt");
        assert_eq!(cut(&[0x80; 300], 100).len(), 97);
    }

    #[test]
    fn a_day_can_bring_no_separator_into_a_name() {
        assert_eq!(label("21/11/2026\0"), " (restored 21-11-2026-)");
        assert!(beside(&[b'a'; 255], &label(&"é".repeat(500)), 10_000).len() <= 255);
    }

    #[test]
    fn only_the_exact_form_is_taken_for_an_unfinished_file() {
        assert!(is_temporary(&temporary(1, 2)) && is_temporary(&temporary(u32::MAX, u64::MAX)));
        let finished = beside(&temporary(1, 2), &label("today"), 1);
        for name in
            [&finished[..], b".chest-unfinished-", b".chest-unfinished-notes", b".chest-unfinished-00000001", b"a"]
        {
            assert!(!is_temporary(name), "{}", name.escape_ascii());
        }
        assert!(candidates(&temporary(1, 2), "x").all(|(rank, name)| rank == Rank::Beside && !is_temporary(&name)));
    }
}
