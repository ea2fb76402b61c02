//! Quoted-printable that is not quite right. Some programs leave an `=` as it is where it had to be encoded (in a link, in HTML); the
//! library then decodes nothing at all, and all other letters of the text would be lost to those who look for a word.

/// What can be decoded; the rest stays as it stands.
pub(crate) fn decode_what_is_right(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'=', rest) {
        decoded.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        rest = if let Some(byte) = hexadecimal(after) {
            decoded.push(byte);
            &after[2..]
        } else if let Some(next_line) = soft_break(after) {
            next_line
        } else {
            decoded.push(b'=');
            after
        };
    }
    decoded.extend_from_slice(rest);
    decoded
}

fn hexadecimal(after: &[u8]) -> Option<u8> {
    let digit = |at: usize| after.get(at).and_then(|&letter| char::from(letter).to_digit(16));
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

/// What follows where a line was only broken.
fn soft_break(after: &[u8]) -> Option<&[u8]> {
    let blanks = after.iter().take_while(|letter| matches!(letter, b' ' | b'\t' | b'\r')).count();
    after[blanks..].strip_prefix(b"\n")
}

#[cfg(test)]
mod tests {
    use super::decode_what_is_right;

    #[test]
    fn what_is_wrong_stays_and_everything_else_is_decoded() {
        for (text, decoded) in [
            ("<meta charset=utf-8>caf=C3=A9 =\r\nau lait", "<meta charset=utf-8>café au lait"),
            ("a= \t\nb=c3=a9", "abé"),
            ("a == b, =", "a == b, ="),
            ("=4", "=4"),
            ("=C3=\r", "\u{fffd}=\r"),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&decode_what_is_right(text.as_bytes())), decoded, "{text:?}");
        }
    }
}
