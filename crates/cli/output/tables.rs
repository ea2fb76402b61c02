//! Columns that line up.

use std::io::{self, Write};

/// On which side a column lines up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Writes rows in columns, two spaces apart; the last column is never padded.
pub fn write_table(out: &mut dyn Write, sides: &[Side], rows: &[Vec<String>]) -> io::Result<()> {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..sides.len()).map(|column| width(column).unwrap_or(0)).collect();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths.get(column).map_or(0, |width| width - cell.chars().count()));
            let is_last = column + 1 == row.len();
            match sides.get(column) {
                Some(Side::Right) => write!(out, "{padding}{cell}")?,
                _ if is_last => write!(out, "{cell}")?,
                _ => write!(out, "{cell}{padding}")?,
            }
            write!(out, "{}", if is_last { "\n" } else { "  " })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_letters_not_bytes() {
        let rows = [["é", "1", "x"], ["ab", "22", "y z"]].map(|row| row.map(str::to_owned).to_vec());
        let mut out = Vec::new();
        write_table(&mut out, &[Side::Left, Side::Right, Side::Left], &rows).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "é    1  x\nab  22  y z\n");
    }
}
