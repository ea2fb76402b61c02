//! Invitations: what they say, without the way in which it is written down (RFC 5545). Lines are folded wherever they are long, be it
//! within a letter, and line breaks, commas and semicolons have a sign before them.

/// Those parts of a calendar that bear what somebody planned.
const PLANS: [&str; 3] = ["VEVENT", "VTODO", "VJOURNAL"];

/// With each line as it was before it was folded.
pub(crate) fn unfolded(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<u8> = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line {
            [b' ' | b'\t', rest @ ..] if lines.ends_with(b"\n") => {
                let end = lines.strip_suffix(b"\r\n").or_else(|| lines.strip_suffix(b"\n")).map_or(0, <[u8]>::len);
                lines.truncate(end);
                lines.extend_from_slice(rest);
            }
            line => lines.extend_from_slice(line),
        }
    }
    lines
}

/// All its words, as somebody wrote them.
pub(crate) fn unescaped(text: &str) -> String {
    let (mut out, mut letters) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(letter) = letters.next() {
        let meant = match (letter, letters.peek()) {
            ('\\', Some('n' | 'N')) => Some('\n'),
            ('\\', Some(&next @ (',' | ';' | '\\'))) => Some(next),
            _ => None,
        };
        if meant.is_some() {
            letters.next();
        }
        out.push(meant.unwrap_or(letter));
    }
    out
}

/// What an invitation is about, when and where it is.
pub(crate) fn shown(unfolded: &str) -> String {
    let (mut inside, mut shown) = (Vec::new(), String::new());
    for line in unfolded.lines() {
        let Some((name, parameters, value)) = property(line) else { continue };
        match name.to_ascii_uppercase().as_str() {
            "BEGIN" => inside.push(value.trim().to_ascii_uppercase()),
            "END" => drop(inside.pop()),
            // An alarm or a time zone within it has dates and words that are its own.
            name if inside.last().is_some_and(|component| PLANS.contains(&component.as_str())) => {
                shown.push_str(&one(name, parameters, value));
            }
            _ => {}
        }
    }
    shown
}

fn one(name: &str, parameters: &str, value: &str) -> String {
    let value = unescaped(value);
    match name {
        "SUMMARY" => format!("{value}\n"),
        "DTSTART" => format!("When: {value}{}\n", zone(parameters)),
        "LOCATION" => format!("Where: {value}\n"),
        "DESCRIPTION" => format!("{value}\n"),
        _ => String::new(),
    }
}

/// As it is called there.
fn zone(parameters: &str) -> String {
    let zones = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let zone = zones.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("TZID"));
    zone.map(|(_, zone)| format!(" {}", zone.trim_matches('"'))).unwrap_or_default()
}

/// `NAME;PARAMETERS:VALUE`. A parameter in quotes may have a colon in it.
fn property(line: &str) -> Option<(&str, &str, &str)> {
    let mut is_quoted = false;
    let colon = line.find(|letter: char| {
        is_quoted ^= letter == '"';
        letter == ':' && !is_quoted
    })?;
    let (name, parameters) = line[..colon].split_once(';').unwrap_or((&line[..colon], ""));
    Some((name, parameters, &line[colon + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folded_lines_are_whole_again_also_within_a_letter() {
        for (folded, whole) in [
            ("SUMMARY:jub\r\n ilee\r\nX:1\r\n".as_bytes(), "SUMMARY:jubilee\r\nX:1\r\n"),
            (b"caf\xc3\n \xa9 au\n\t  lait\n", "café au  lait\n"),
            (b" a\n", " a\n"),
            (b"", ""),
        ] {
            assert_eq!(unfolded(folded), whole.as_bytes());
        }
    }

    #[test]
    fn signs_before_letters_are_undone() {
        assert_eq!(unescaped(r"one\ntwo\Nthree\, four\; \\five\x \"), "one\ntwo\nthree, four; \\five\\x \\");
    }

    #[test]
    fn an_invitation_says_what_when_and_where() {
        let invitation = "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nDTSTART:16010101T000000\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\n\
            SUMMARY;LANGUAGE=en:Hedge\\, and more\r\nDTSTART;TZID=\"A: B\":20261120T100000\r\nlocation:Hall\r\n\
            DESCRIPTION:Bring\\nshears\r\nUID:1\r\nBEGIN:VALARM\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(shown(invitation), "Hedge, and more\nWhen: 20261120T100000 A: B\nWhere: Hall\nBring\nshears\n");
        assert_eq!(shown("SUMMARY:of nothing\n"), "");
    }
}
