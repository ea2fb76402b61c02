//! Plain text and comma-separated values, with the line ends that Windows programs write.

use super::{Block, Paper};

/// A paper as a note in plain text.
pub(crate) fn write(paper: &Paper) -> Vec<u8> {
    let mut text = String::new();
    for block in &paper.blocks {
        match block {
            Block::Title(title) => text.push_str(&format!("{}\r\n\r\n", title.to_uppercase())),
            Block::Heading(heading) => text.push_str(&format!("{heading}\r\n\r\n")),
            Block::Paragraph(words) => text.push_str(&format!("{words}\r\n\r\n")),
            Block::Numbered(number, words) => text.push_str(&format!("{number}  {words}\r\n\r\n")),
            Block::Row(cells) => text.push_str(&format!("{}\r\n", cells.join("\t"))),
            Block::Picture(_) => {}
        }
    }
    text.into_bytes()
}

/// Rows with quotes around whatever needs them.
pub(crate) fn comma_separated(rows: &[Vec<String>]) -> Vec<u8> {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(cell)).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text.into_bytes()
}

fn quoted(cell: &str) -> String {
    match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_and_quotes_survive_in_quotes() {
        let rows = [vec!["plain".to_owned(), "Hobday, \"Sons\"".to_owned()]];
        assert_eq!(comma_separated(&rows), b"plain,\"Hobday, \"\"Sons\"\"\"\r\n");
    }
}
