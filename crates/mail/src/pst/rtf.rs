//! Rich text (RTF), in which Outlook keeps what somebody wrote in it. Packed as [MS-OXRTFCP] says; a page (HTML) or a plain text that
//! was put into it comes out as [MS-OXRTFEX] says; of any other, the words. Not through the libraries for that: they take the
//! lengths that a stranger wrote for memory, and end the program over them.

use super::PstError;
use super::bytes::{slice, u32_at};
use super::properties::narrow_text;

/// What is larger is not taken for a text.
const LARGEST: usize = 8 << 20;
/// Groups within groups, up to here.
const DEEPEST: usize = 500;
const PACKED: u32 = 0x75465a4c;
const AS_IT_IS: u32 = 0x414c454d;
const DICTIONARY: usize = 4096;
/// What every packer and unpacker knows before it begins.
const KNOWN: &[u8] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \
\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\
\\b\\i\\u\\tab\\tx";
/// Groups that hold no words of the text.
const NO_WORDS: [&[u8]; 14] = [
    b"fonttbl",
    b"colortbl",
    b"stylesheet",
    b"info",
    b"pict",
    b"object",
    b"header",
    b"headerl",
    b"headerr",
    b"footer",
    b"footerl",
    b"footerr",
    b"listtable",
    b"fldinst",
];

/// The rich text itself.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, PstError> {
    let (length, kind, content) =
        (u32_at(packed, 4)? as usize, u32_at(packed, 8)?, packed.get(16..).unwrap_or_default());
    if length > LARGEST {
        return Err(PstError::Damaged("a rich text is too large"));
    }
    match kind {
        PACKED => unpack_content(content, length),
        AS_IT_IS => slice(content, 0, length).map(<[u8]>::to_vec),
        _ => Err(PstError::Damaged("a rich text is not one")),
    }
}

fn unpack_content(mut content: &[u8], length: usize) -> Result<Vec<u8>, PstError> {
    let mut out = KNOWN.to_vec();
    let end = KNOWN.len() + length;
    while let Some((&flags, rest)) = content.split_first().filter(|_| out.len() < end) {
        content = rest;
        for bit in 0..8 {
            if flags & 1 << bit == 0 {
                let Some((&letter, rest)) = content.split_first() else { break };
                content = rest;
                out.push(letter);
                continue;
            }
            let Some((reference, rest)) = content.split_first_chunk() else { break };
            content = rest;
            let reference = usize::from(u16::from_be_bytes(*reference));
            let (place, count) = (reference >> 4, (reference & 15) + 2);
            // How far back that is in a dictionary that goes round.
            let back = (out.len() % DICTIONARY + DICTIONARY - place) % DICTIONARY;
            if back == 0 {
                content = &[];
                break;
            }
            let Some(start) = out.len().checked_sub(back) else {
                return Err(PstError::Damaged("a rich text refers to what is not there"));
            };
            (start..start + count).for_each(|at| out.push(out[at]));
        }
    }
    let unpacked = out.get(KNOWN.len()..end).ok_or(PstError::Damaged("a rich text ends too early"))?;
    Ok(unpacked.to_vec())
}

/// What a rich text is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    /// A page (HTML) that was put into it.
    Page(String),
    /// A plain text that was put into it.
    Plain(String),
    /// Itself; these are its words.
    Rich(String),
}

/// What a rich text is meant to be.
pub(crate) fn read(rich: &[u8]) -> Meant {
    let head = &rich[..rich.len().min(1000)];
    let says = |word: &[u8]| memchr::memmem::find(head, word).is_some();
    let is_page = says(b"\\fromhtml");
    let mut reader = Reader { rest: rich, is_page, code_page: 1252, ..Reader::default() };
    reader.read();
    match (is_page, says(b"\\fromtext")) {
        (true, _) => Meant::Page(reader.out),
        (false, true) => Meant::Plain(reader.out),
        (false, false) => Meant::Rich(reader.out),
    }
}

/// What holds until a group ends.
#[derive(Clone, Copy, Default)]
struct Group {
    /// Nothing in it is text.
    is_silent: bool,
    /// Written for readers that do not know pages.
    is_for_others: bool,
    /// Letters that stand after one in Unicode, for readers that do not know it.
    after_unicode: Option<u8>,
}

#[derive(Default)]
struct Reader<'r> {
    rest: &'r [u8],
    out: String,
    /// Letters in the code page, not read yet.
    letters: Vec<u8>,
    /// The first half of a letter beyond the first 65,536.
    half: Option<u16>,
    group: Group,
    around: Vec<Group>,
    is_page: bool,
    code_page: u32,
    /// A `\*` stood before: whoever does not know the word that follows leaves the group out.
    is_optional: bool,
    /// Letters to leave out.
    leave_out: u8,
}

impl<'r> Reader<'r> {
    fn read(&mut self) {
        while let Some((&byte, rest)) = self.rest.split_first() {
            self.rest = rest;
            match byte {
                b'{' if self.around.len() >= DEEPEST => break,
                b'{' => self.around.push(self.group),
                b'}' => {
                    self.flush();
                    self.leave_out = 0;
                    self.group = self.around.pop().unwrap_or_default();
                }
                b'\\' => self.control(),
                b'\r' | b'\n' | 0 => {}
                letter => self.letter(letter),
            }
        }
        self.flush();
    }

    fn control(&mut self) {
        let letters = self.rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        if letters == 0 {
            return self.symbol();
        }
        let (word, rest) = self.rest.split_at(letters);
        let minus = usize::from(rest.first() == Some(&b'-'));
        let digits = rest[minus..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let number = std::str::from_utf8(&rest[..minus + digits]).ok().and_then(|number| number.parse::<i64>().ok());
        let rest = if digits > 0 { &rest[minus + digits..] } else { rest };
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let is_optional = std::mem::take(&mut self.is_optional);
        self.word(word, number, is_optional);
    }

    fn symbol(&mut self) {
        let Some((&symbol, rest)) = self.rest.split_first() else { return };
        self.rest = rest;
        match symbol {
            b'\'' => {
                let Some((digits, rest)) = self.rest.split_first_chunk::<2>() else { return };
                let code = std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                if let Some(code) = code {
                    self.rest = rest;
                    self.letter(code);
                }
            }
            b'*' => self.is_optional = true,
            b'~' => self.text("\u{a0}"),
            b'_' => self.text("\u{2011}"),
            b'\r' | b'\n' => self.line_break(),
            b'\\' | b'{' | b'}' => self.letter(symbol),
            _ => {}
        }
    }

    fn word(&mut self, word: &[u8], number: Option<i64>, is_optional: bool) {
        match word {
            b"ansicpg" => self.code_page = number.and_then(|number| u32::try_from(number).ok()).unwrap_or(1252),
            b"uc" => self.group.after_unicode = number.and_then(|number| u8::try_from(number).ok()),
            b"u" => self.unicode(number.unwrap_or(0)),
            b"bin" => {
                let length = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.rest = self.rest.get(length..).unwrap_or_default();
            }
            b"htmlrtf" if self.is_page => {
                self.flush();
                self.group.is_for_others = number != Some(0);
            }
            b"htmltag" if self.is_page => self.group.is_for_others = false,
            _ if is_optional || NO_WORDS.contains(&word) => {
                self.flush();
                self.group.is_silent = true;
            }
            b"par" | b"line" | b"sect" | b"page" | b"row" => self.line_break(),
            b"tab" | b"cell" => self.text("\t"),
            b"emdash" => self.text("—"),
            b"endash" => self.text("–"),
            b"lquote" => self.text("‘"),
            b"rquote" => self.text("’"),
            b"ldblquote" => self.text("“"),
            b"rdblquote" => self.text("”"),
            b"bullet" => self.text("•"),
            _ => {}
        }
    }

    fn line_break(&mut self) {
        self.text("\r\n");
    }

    fn is_heard(&self) -> bool {
        !self.group.is_silent && !self.group.is_for_others
    }

    /// A letter in the code page.
    fn letter(&mut self, letter: u8) {
        // A `\*` means the word that follows it at once.
        self.is_optional = false;
        if self.leave_out > 0 {
            self.leave_out -= 1;
        } else if self.is_heard() {
            self.letters.push(letter);
        }
    }

    fn text(&mut self, text: &str) {
        self.flush();
        if self.leave_out > 0 {
            self.leave_out -= 1;
        } else if self.is_heard() {
            self.out.push_str(text);
        }
    }

    fn unicode(&mut self, number: i64) {
        self.flush();
        self.leave_out = self.group.after_unicode.unwrap_or(1);
        if !self.is_heard() {
            return;
        }
        // Numbers above 32,767 are written as negative ones.
        let unit = (number & 0xffff) as u16;
        let units = self.half.take().into_iter().chain([unit]);
        if (0xd800..0xdc00).contains(&unit) {
            self.half = Some(unit);
            return;
        }
        self.out.extend(char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)));
    }

    fn flush(&mut self) {
        if !self.letters.is_empty() {
            let letters = std::mem::take(&mut self.letters);
            self.out.push_str(&narrow_text(&letters, self.code_page));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first example of [MS-OXRTFCP], and the second, in which one copy reads what it writes.
    const EXAMPLES: [(&[u8], &str); 2] = [
        (
            b"\x2d\0\0\0\x2b\0\0\0LZFu\xf1\xc5\xc7\xa7\x03\x00\x0a\x00rcpg125B2\x0a\xf3 hel\x09\x00 bw\x05\xb0ld}\x0a\x80\x0f\xa0",
            "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n",
        ),
        (
            b"\x1a\0\0\0\x1c\0\0\0LZFu\xe2\xd4\x4b\x51\x41\x00\x04 WXYZ\x0dn}\x01\x0e\xb0",
            "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}",
        ),
    ];

    #[test]
    fn the_examples_of_the_specification_are_unpacked() {
        assert_eq!(KNOWN.len(), 207);
        for (packed, expected) in EXAMPLES {
            assert_eq!(String::from_utf8(unpack(packed).unwrap()).unwrap(), expected);
            for length in 0..packed.len() - 2 {
                let is_whole = unpack(&packed[..length]).is_ok_and(|rich| rich == expected.as_bytes());
                assert!(!is_whole || length >= packed.len() - 3, "{length} bytes");
            }
        }
        let plain = [&b"\x1a\0\0\0\x05\0\0\0MELA\0\0\0\0"[..], b"hello rest"].concat();
        assert_eq!(unpack(&plain).unwrap(), b"hello");
        assert!(unpack(b"\x1a\0\0\0\xff\xff\xff\xffLZFu\0\0\0\0\0").is_err(), "a length that no text has");
    }

    #[test]
    fn the_words_of_a_rich_text_are_read_in_any_letters() {
        let rich = b"{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}{\\*\\generator Riched20;}{\\info{\\title no}}\\pard \
            Caf\\'e9 \\u8364?5\\par {\\b Hedge}\\tab\\u-10179?\\u-8704?\\line{\\uc2\\u233 xx}\\{a\\\\b\\}{\\pict\\bin4 }}}}}\\'2e}";
        assert_eq!(read(rich), Meant::Rich("Café €5\r\nHedge\t\u{1f600}\r\né{a\\b}.".to_owned()));
        assert_eq!(read(b"{\\rtf1\\ansi\\fromtext Hedge\\par}"), Meant::Plain("Hedge\r\n".to_owned()));
        assert_eq!(read(b"{\\rtf1\\ansicpg1251 \\'c6\\'e8}"), Meant::Rich("Жи".to_owned()));
    }

    #[test]
    fn a_page_comes_out_of_the_rich_text_that_it_was_put_into() {
        let rich = b"{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0{\\fonttbl{\\f0 Arial;}}\r\n{\\*\\htmltag64 <html>\\par }\
            {\\*\\htmltag84 <p class=\"\\'e9\">}\\htmlrtf {\\f0 \\htmlrtf0 Hedge {\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 \
            5{\\*\\mhtmltag84 <no>}\\htmlrtf\\par}\\htmlrtf0{\\*\\htmltag72 </p>}}";
        assert_eq!(read(rich), Meant::Page("<html>\r\n<p class=\"é\">Hedge &lt;5</p>".to_owned()));
    }

    #[test]
    fn whatever_is_no_rich_text_is_read_to_its_end() {
        for rich in [&b"\\"[..], b"\\'", b"\\u", b"}}}", b"\\bin99999999999", b"\\u-99999999999999999999", b"{\\*"] {
            read(rich);
        }
        let deep = "{".repeat(100_000);
        assert_eq!(read(deep.as_bytes()), Meant::Rich(String::new()));
    }
}
