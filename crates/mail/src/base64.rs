//! Base64 as it comes out of old mailboxes: with a byte that is wrong, a sign in front of each line, a list's footer below it. One wrong
//! byte takes with it nothing that follows; what is missing or wrong is said.

use mail_parser::decoders::base64::base64_decode;

/// No word of a text is as long.
const LONGEST_WORD: usize = 30;
/// A line of so many letters that make whole groups is no word of a footer.
const SURE_LINE: usize = 16;
/// Letters of one group.
const GROUP: usize = 4;

/// What came of it.
pub(crate) struct Decoded {
    pub bytes: Vec<u8>,
    /// They are not all that was sent, or not as it was sent.
    pub is_damaged: bool,
}

/// `None` where it is something else.
pub(crate) fn decode(body: &[u8]) -> Option<Decoded> {
    if is_sound(body) {
        return base64_decode(body).map(|bytes| Decoded { bytes, is_damaged: false });
    }
    let lines: Vec<DataLine<'_>> = body.split(|&byte| byte == b'\n').map(DataLine::of).collect();
    let lines: Vec<DataLine<'_>> = lines.into_iter().filter(|line| !line.bytes.is_empty()).collect();
    let width = width(&lines);
    let data = &lines[..end_of_data(&lines, width)?];
    let full = || data.iter().filter(|line| line.symbols == width);
    let are_lines_padded = full().filter(|line| line.is_padded()).count() * 2 > full().count();
    let mut decoder = Decoder::new(body.len(), are_lines_padded);
    for (place, line) in data.iter().enumerate() {
        decoder.line(line, width, place + 1 == data.len());
    }
    Some(decoder.finish()).filter(|decoded| !decoded.bytes.is_empty())
}

/// Whether it is in this encoding, and some of it is missing or wrong.
pub(crate) fn is_damaged(body: &[u8]) -> bool {
    !is_sound(body) && decode(body).is_some_and(|decoded| decoded.is_damaged)
}

/// Nothing in it but whole groups and blanks, and padding at the end. Every attachment of every mailbox is looked at so.
fn is_sound(body: &[u8]) -> bool {
    let (data, end) = body.split_at(memchr::memchr(b'=', body).unwrap_or(body.len()));
    let Some(letters) = count_letters(data) else { return false };
    let pads = end.iter().filter(|&&byte| byte == b'=').count();
    end.iter().all(|&byte| byte == b'=' || is_blank(byte))
        && match letters % GROUP {
            0 => true,
            1 => false,
            _ => pads > 0,
        }
}

/// `None` where there is anything else but blanks. Without a branch for each byte, so that several are looked at together.
fn count_letters(data: &[u8]) -> Option<usize> {
    let mut blanks = 0;
    for some in data.chunks(128) {
        let of_some = some.iter().fold(0_u8, |count, &byte| count + u8::from(is_blank(byte)));
        let letters = some.iter().fold(0_u8, |count, &byte| count + u8::from(is_letter(byte)));
        if usize::from(letters + of_some) != some.len() {
            return None;
        }
        blanks += usize::from(of_some);
    }
    Some(data.len() - blanks)
}

#[inline(always)]
fn is_blank(byte: u8) -> bool {
    (byte == b' ') | (byte == b'\t') | (byte == b'\r') | (byte == b'\n')
}

#[inline(always)]
fn is_letter(byte: u8) -> bool {
    let is_of_alphabet = (byte | 0x20).wrapping_sub(b'a') < 26;
    is_of_alphabet | (byte.wrapping_sub(b'0') < 10) | (byte == b'+') | (byte == b'/')
}

fn value(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn is_symbol(byte: u8) -> bool {
    byte == b'=' || value(byte).is_some()
}

/// One line, without blanks around it and without the sign of a quotation.
struct DataLine<'a> {
    bytes: &'a [u8],
    /// Letters and padding.
    symbols: usize,
    /// All other letters that are no blanks.
    strangers: usize,
    longest_run: usize,
    was_quoted: bool,
}

impl<'a> DataLine<'a> {
    fn of(line: &'a [u8]) -> Self {
        let unquoted = line.trim_ascii_start();
        let was_quoted = unquoted.starts_with(b">");
        let bytes =
            unquoted.iter().position(|&byte| byte != b'>' && byte != b' ').map_or(&[][..], |at| &unquoted[at..]);
        let bytes = without_remark(without_blanks_at_end(bytes));
        let strangers = bytes.iter().enumerate().filter(|&(at, _)| is_stranger(bytes, at)).count();
        let runs = bytes.split(|&byte| !is_symbol(byte)).map(<[u8]>::len);
        let (symbols, longest_run) = runs.fold((0, 0), |(all, longest), run| (all + run, longest.max(run)));
        Self { bytes, symbols, strangers, longest_run, was_quoted }
    }

    /// Words, or an address: of a footer, or of a text that is not in this encoding at all.
    fn is_text(&self) -> bool {
        let is_of_words = || self.bytes.iter().any(|byte| matches!(byte, b' ' | b'\t' | b'@'));
        let is_address = || memchr::memmem::find(self.bytes, b"://").is_some();
        (self.longest_run < LONGEST_WORD && is_of_words()) || is_address()
    }

    fn is_whole_groups(&self) -> bool {
        self.strangers == 0 && self.symbols.is_multiple_of(GROUP) && self.bytes.iter().any(u8::is_ascii_alphanumeric)
    }

    /// It can be nothing else.
    fn is_sure(&self) -> bool {
        let is_group_end = || self.is_whole_groups() && (self.symbols >= SURE_LINE || self.is_padded());
        !self.is_text() && (self.longest_run >= LONGEST_WORD || is_group_end())
    }

    /// Short as it is, where nothing after it tells more.
    fn may_be_all(&self, is_alone: bool) -> bool {
        let is_padded_groups =
            || self.is_padded() && self.symbols.is_multiple_of(GROUP) && self.strangers * 2 <= self.symbols;
        let is_unbroken = is_alone && self.strangers == 0;
        !self.is_text() && (is_unbroken || self.is_whole_groups() || is_padded_groups())
    }

    fn is_padded(&self) -> bool {
        self.bytes.ends_with(b"=")
    }
}

/// What stands behind padding and a blank is for people.
fn without_remark(line: &[u8]) -> &[u8] {
    let end = line.windows(2).position(|two| two[0] == b'=' && two[1].is_ascii_whitespace()).map_or(0, |at| at + 1);
    let is_data = end.is_multiple_of(GROUP) && end > 0 && line[..end].iter().all(|&byte| is_symbol(byte));
    if is_data { &line[..end] } else { line }
}

/// Among blanks are those that do not break a line (in UTF-8, or in one byte), which some programs put there.
fn without_blanks_at_end(line: &[u8]) -> &[u8] {
    let mut line = line.trim_ascii_end();
    while let Some(before) = line.strip_suffix(b"\xa0") {
        line = before.strip_suffix(b"\xc2").unwrap_or(before).trim_ascii_end();
    }
    line
}

/// Of several bytes that are one letter in UTF-8, the first.
fn is_stranger(line: &[u8], at: usize) -> bool {
    let byte = line[at];
    let goes_on = (0x80..0xc0).contains(&byte) && at > 0 && !line[at - 1].is_ascii();
    !is_symbol(byte) && !byte.is_ascii_whitespace() && !goes_on
}

/// How long the lines are where nothing is wrong with them.
fn width(lines: &[DataLine<'_>]) -> usize {
    let sound = lines.iter().filter(|line| line.strangers == 0 && line.is_sure());
    sound.map(|line| line.symbols).max().unwrap_or_else(|| lines.first().map_or(0, |line| line.symbols))
}

/// How many lines there are before the footer; `None` where there is no data.
fn end_of_data(lines: &[DataLine<'_>], width: usize) -> Option<usize> {
    let mut end = match lines.iter().rposition(DataLine::is_sure) {
        Some(last) => last + 1,
        None => usize::from(lines.first()?.may_be_all(lines.len() == 1)),
    };
    let sure = lines[..end].iter().filter(|line| line.is_sure()).count();
    if end == 0 || (end > 1 && sure * 2 < end) {
        return None;
    }
    // A shorter line is the last one.
    while !lines[end - 1].is_padded() && lines[end - 1].symbols >= width {
        match next_of_data(&lines[end..], width) {
            Some(more) => end += more,
            None => break,
        }
    }
    Some(end)
}

/// How many lines further the next one is, if what follows a full line may still be data.
fn next_of_data(rest: &[DataLine<'_>], width: usize) -> Option<usize> {
    let at = rest.iter().position(|line| line.symbols > 0)?;
    let (line, is_last) = (&rest[at], at + 1 == rest.len());
    let is_data = !line.is_text() && line.symbols <= width && line.strangers * 4 <= line.symbols;
    // After a line of signs only, a footer may begin.
    let fits = if at > 0 { is_last && line.is_whole_groups() } else { is_last || line.symbols.is_multiple_of(GROUP) };
    (is_data && fits).then_some(at + 1)
}

struct Decoder {
    bytes: Vec<u8>,
    group: u32,
    /// Letters in it.
    filled: usize,
    /// Each line was encoded by itself, to one length.
    are_lines_padded: bool,
    is_damaged: bool,
}

impl Decoder {
    fn new(letters: usize, are_lines_padded: bool) -> Self {
        Self {
            bytes: Vec::with_capacity(letters / GROUP * 3),
            group: 0,
            filled: 0,
            are_lines_padded,
            is_damaged: false,
        }
    }

    fn line(&mut self, line: &DataLine<'_>, width: usize, is_last: bool) {
        self.is_damaged |= line.was_quoted || line.strangers > 0 || line.is_text();
        if line.is_text() {
            return;
        }
        // What came in place of a letter holds its place: otherwise all that follows would be shifted. What came in between does not.
        let with_strangers = line.symbols + line.strangers;
        let completes = |symbols: usize| (self.filled + symbols).is_multiple_of(GROUP);
        let is_short = line.symbols < width && with_strangers == width;
        let holds_places = is_short || (is_last && !completes(line.symbols) && completes(with_strangers));
        let may_end_groups = is_last || line.symbols < width || width < LONGEST_WORD || self.are_lines_padded;
        let mut at = 0;
        while let Some(&byte) = line.bytes.get(at) {
            match value(byte) {
                Some(value) => self.push(value),
                None if byte == b'=' => at += self.pad(&line.bytes[at..], may_end_groups),
                None if holds_places && is_stranger(line.bytes, at) => self.push(0),
                None => {}
            }
            at += 1;
        }
    }

    fn push(&mut self, value: u8) {
        self.group = self.group << 6 | u32::from(value);
        self.filled += 1;
        if self.filled == GROUP {
            self.bytes.extend_from_slice(&self.group.to_be_bytes()[1..]);
            (self.group, self.filled) = (0, 0);
        }
    }

    /// A group ends with as much padding as it lacks, or at the end of a line; any other stands where a letter was, and so
    /// does one within a line that is as long as all others. Answers how many
    /// further bytes that takes.
    fn pad(&mut self, rest: &[u8], may_end_group: bool) -> usize {
        let is_end = rest.iter().all(|&byte| byte == b'=');
        let lacking = (GROUP - self.filled) % GROUP;
        let is_padding = may_end_group && (1..=2).contains(&lacking) && rest.starts_with(&b"=="[..lacking]);
        if is_padding || (is_end && may_end_group && self.filled != 1) {
            self.is_damaged |= !is_end;
            self.bytes.extend(match self.filled {
                2 => vec![(self.group >> 4) as u8],
                3 => vec![(self.group >> 10) as u8, (self.group >> 2) as u8],
                _ => Vec::new(),
            });
            (self.group, self.filled) = (0, 0);
            return if is_end { rest.len() - 1 } else { lacking - 1 };
        }
        self.is_damaged = true;
        self.push(0);
        0
    }

    fn finish(mut self) -> Decoded {
        if self.filled > 0 {
            self.is_damaged = true;
            self.pad(b"=", true);
        }
        Decoded { bytes: self.bytes, is_damaged: self.is_damaged }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of 76 letters.
    fn encoded(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        let mut lines = crate::pst::Base64Lines::new(&mut out);
        lines.push(bytes).unwrap();
        lines.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    fn file() -> Vec<u8> {
        (0..3000_u32).map(|place| ((place * place) >> 3) as u8).collect()
    }

    fn read(body: impl AsRef<[u8]>) -> (Vec<u8>, bool) {
        let decoded = decode(body.as_ref()).unwrap();
        assert_eq!(decoded.is_damaged, is_damaged(body.as_ref()));
        (decoded.bytes, decoded.is_damaged)
    }

    fn with_inserted(at: usize, inserted: &[u8]) -> Vec<u8> {
        let sound = encoded(&file()).into_bytes();
        [&sound[..at], inserted, &sound[at..]].concat()
    }

    #[test]
    fn what_does_not_belong_there_is_passed_over_and_nothing_after_it_is_lost() {
        let inserted: [&[u8]; 9] =
            [b"!!!", b"**", b"-", b"\0", b"\0\0", b" !! ", b"\xff", "é".as_bytes(), b"\r\n!!!\r\n"];
        for signs in inserted {
            for at in [1, 2, 500, 1503, 3900, 4070] {
                assert!(read(with_inserted(at, signs)) == (file(), true), "{signs:?} at {at}");
            }
        }
    }

    #[test]
    fn blanks_are_no_damage_and_the_sign_of_a_quotation_is() {
        let sound = encoded(&file());
        let ends: [&[u8]; 5] = [b"\n", b" \r\n", b"\r\n\r\n", b"\xc2\xa0\r\n", b"\xa0\r\n"];
        for end in ends {
            let body: Vec<u8> = sound.lines().flat_map(|line| [line.as_bytes(), end].concat()).collect();
            assert!(read(body) == (file(), false), "{end:?}");
        }
        for sign in ["> ", ">", ">> "] {
            let body: String = sound.lines().map(|line| format!("{sign}{line}\r\n")).collect();
            assert!(read(body) == (file(), true), "{sign}");
        }
    }

    #[test]
    fn a_letter_that_was_changed_takes_only_its_own_bytes() {
        for sign in ["!", "=", "é"] {
            for at in [0, 1, 2, 1400, 1401, 1502, 4000, 4070] {
                let mut body = encoded(&file());
                body.replace_range(at..=at, sign);
                let (bytes, is_damaged) = read(&body);
                let wrong = bytes.iter().zip(file()).filter(|(found, sent)| **found != *sent).count();
                assert!(bytes.len() == 3000 && wrong <= 2 && is_damaged, "{sign} at {at}: {} {wrong}", bytes.len());
            }
        }
    }

    #[test]
    fn padding_in_the_middle_ends_a_group() {
        assert_eq!(read("QUI=QUJD\n"), (b"ABABC".to_vec(), true));
        let lines = format!("{}{}{}", encoded(&file()[..50]), encoded(&file()[50..91]), encoded(&file()[91..]));
        assert!(read(lines) == (file(), false));
    }

    #[test]
    fn every_byte_is_a_letter_a_blank_or_neither() {
        for byte in 0..=u8::MAX {
            assert_eq!(is_letter(byte), value(byte).is_some(), "{byte}");
            let sound = is_sound(&[&[b'A'; 200][..], &[byte], &[b'A'; 200]].concat());
            assert_eq!(sound, is_blank(byte), "{byte}: one more letter makes no whole groups");
        }
        for (text, expected) in
            [("", true), ("AA", false), ("AA==", true), ("A", false), ("A===", false), ("AAA=A", false)]
        {
            assert_eq!(is_sound(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn what_stands_behind_the_padding_is_for_people() {
        for body in ["ecO2dMOkIHZhYW4uCg== ignored\n", "ecO2dMOkIHZhYW4uCg==\tignored it is\r\n"] {
            assert_eq!(read(body), ("yötä vaan.\n".into(), false), "{body}");
        }
        assert_eq!(decode(b"word= no data").map(|decoded| decoded.bytes), None);
    }

    #[test]
    fn a_footer_is_no_data() {
        for footer in [
            "_______________\nlist footer\n",
            "list footer of many plain words and more\n",
            "-- \nUnsubscribe\n",
            "Unsubscribe: https://lists.example.org/x?id=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n",
            "===============\nclerk@example.org\n",
        ] {
            for length in [57 * 2, 57 * 2 - 3, 57 * 2 - 5, 3000, 2990, 40] {
                let file = &file()[..length];
                assert!(read(format!("{}\r\n{footer}", encoded(file))) == (file.to_vec(), false), "{footer} {length}");
            }
        }
        assert_eq!(read("d29yZHM=\n_______________\nlist footer\n"), (b"words".to_vec(), false));
    }

    #[test]
    fn of_what_was_cut_off_there_is_the_beginning() {
        let sound = encoded(&file());
        for length in [1001, 1002, 1003, 1999] {
            let (bytes, is_damaged) = read(&sound[..length]);
            assert!(
                is_damaged && file().starts_with(&bytes) && bytes.len() > length * 37 / 52,
                "{length} {}",
                bytes.len()
            );
        }
        assert_eq!(read("AAEC\nAw"), (vec![0, 1, 2, 3], true));
        assert_eq!(read("d29yZA"), (b"word".to_vec(), true));
        assert_eq!(read("AAEC\n"), (vec![0, 1, 2], false));
    }

    #[test]
    fn lines_that_were_encoded_each_by_itself_are_one_file() {
        let lines: String = file().chunks(50).map(encoded).collect();
        assert!(read(lines) == (file(), false));
    }

    #[test]
    fn what_is_no_such_text_is_not_decoded() {
        for text in [
            "Dear all,\n\nthe hedge.\n",
            "base64-encoded data goes here",
            "!",
            "___\n",
            "Hello!\nWorld!\nAAAAAAAAAAAAAAAA\nx y\nz\n",
        ] {
            assert!(decode(text.as_bytes()).is_none(), "{text}");
            assert!(!is_damaged(text.as_bytes()));
        }
    }
}
