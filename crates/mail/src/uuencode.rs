//! The encoding in which files were sent before MIME, and after it by programs that had it already: messages of the nineties in an
//! old mailbox still have attachments that say `x-uuencode`.

/// What this encoding is called.
const NAMES: [&str; 4] = ["x-uuencode", "uuencode", "x-uue", "uue"];

pub(crate) fn is_called(encoding: &str) -> bool {
    NAMES.iter().any(|name| encoding.eq_ignore_ascii_case(name))
}

/// The file, up to where the text was cut off if it was; `None` where it is something else.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    lines.find(|line| line.starts_with(b"begin "))?;
    let mut file = Vec::with_capacity(text.len() / 4 * 3);
    for line in lines {
        let Some((&length, letters)) = line.split_first() else { break };
        match usize::from(six_bits(length).unwrap_or_default()) {
            0 => break,
            length => decode_line(letters, length, &mut file)?,
        }
        // Of spaces that were lost there is no end: lines of nothing else would fill the memory.
        if file.len() > text.len() {
            return None;
        }
    }
    Some(file)
}

fn decode_line(letters: &[u8], length: usize, file: &mut Vec<u8>) -> Option<()> {
    let end = file.len() + length;
    // Spaces at the end of a line were lost on the way; what stands beyond the line's length is padding, or a checksum.
    let mut left = letters.iter().copied().chain(std::iter::repeat(b' '));
    while file.len() < end {
        let mut group = 0_u32;
        for letter in left.by_ref().take(4) {
            group = group << 6 | u32::from(six_bits(letter)?);
        }
        file.extend_from_slice(&group.to_be_bytes()[1..]);
    }
    file.truncate(end);
    Some(())
}

fn six_bits(letter: u8) -> Option<u8> {
    matches!(letter, b' '..=b'`').then(|| (letter - b' ') & 63)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_comes_out_byte_for_byte() {
        assert_eq!(decode(b"\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n"), Some(b"Cat".to_vec()));
        let lines: &[u8] = b"begin 600 counted\nM  $\" P0%!@<(\"0H+# T.#Q 1$A,4%187&!D:&QP='A\\@(2(C)\"4F)R@I*BLL\n$+2XO,   \n \nend\n";
        assert_eq!(decode(lines), Some((0..=0x30).collect()));
        assert_eq!(decode(b"begin 600 empty\n`\nend\n"), Some(Vec::new()));
    }

    #[test]
    fn spaces_that_were_lost_and_a_checksum_behind_the_line_change_nothing() {
        assert_eq!(decode(b"begin 600 zeros\n\"\n#0V%TX\n \nend\n"), Some(b"\0\0Cat".to_vec()));
    }

    #[test]
    fn of_what_was_cut_off_there_is_the_beginning() {
        assert_eq!(decode(b"begin 600 cat\n#0V%T\n"), Some(b"Cat".to_vec()));
        assert_eq!(decode(b"begin 600 cat"), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_such_text_is_not_decoded() {
        let nothing_but_lengths = [&b"begin 600 zeros\n"[..], &b"M\n".repeat(100)].concat();
        for text in [&b""[..], b"#0V%T\n", b"begin 600 cat\n#0V\xffT\n", &nothing_but_lengths] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
