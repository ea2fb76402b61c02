//! Which names hold a word: the index knows every three letters that stand together in a folded name, so that a part of a
//! name is found anywhere in it. What the index says is held against the names themselves, so it need not be asked for all of a
//! word: only for the threes that are in fewest names.

use crate::CatalogueError;
use rusqlite::{Connection, params};
use std::collections::BTreeSet;

/// What is in so many names is common, and is not counted any further.
pub(crate) const COMMON: i64 = 10_000;
/// More threes narrow a search no more than they cost.
const ENOUGH: usize = 4;
/// So many are looked at to choose from: to count all those of a page that somebody has pasted would take seconds.
const MOST_COUNTED: usize = 64;

/// What a text in this index must hold to come into question, in the language of the index; `None` where the parts are too
/// short for it.
pub(crate) fn question(
    connection: &Connection,
    index: &'static str,
    parts: &[&str],
) -> Result<Option<String>, CatalogueError> {
    let mut threes = quoted_threes(parts);
    if threes.len() > ENOUGH {
        let mut counted = counted(connection, index, threes)?;
        counted.sort();
        // Beside a rare one, a common one only costs.
        let rare = counted.iter().filter(|(count, _)| *count < COMMON).count();
        let asked = if rare > 0 { rare.min(ENOUGH) } else { ENOUGH };
        threes = counted.into_iter().take(asked).map(|(_, three)| three).collect();
    }
    Ok((!threes.is_empty()).then(|| threes.join(" AND ")))
}

/// How many texts come into question; no further than this.
pub(crate) fn at_most(
    connection: &Connection,
    index: &'static str,
    question: &str,
    most: i64,
) -> Result<i64, CatalogueError> {
    let count = format!("SELECT count(*) FROM (SELECT 1 FROM {index} WHERE {index} MATCH ?1 LIMIT ?2)");
    let mut count = connection.prepare_cached(&count)?;
    Ok(count.query_row(params![question, most], |row| row.get(0))?)
}

fn counted(
    connection: &Connection,
    index: &'static str,
    threes: Vec<String>,
) -> Result<Vec<(i64, String)>, CatalogueError> {
    threes.into_iter().map(|three| Ok((at_most(connection, index, &three, COMMON)?, three))).collect()
}

fn quoted_threes(parts: &[&str]) -> Vec<String> {
    let mut threes = BTreeSet::new();
    for part in parts {
        let letters: Vec<char> = part.chars().collect();
        // A question ends at a null.
        let threes_asked = letters.windows(3).filter(|three| !three.contains(&'\0'));
        threes.extend(threes_asked.map(|three| three.iter().collect::<String>()));
    }
    threes.iter().take(MOST_COUNTED).map(|three| format!("\"{}\"", three.replace('"', "\"\""))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn a_question_asks_for_every_three_letters_once() {
        assert_eq!(quoted_threes(&["abcab", "cab"]), ["\"abc\"", "\"bca\"", "\"cab\""]);
        assert_eq!(quoted_threes(&["a\"b"]), ["\"a\"\"b\""]);
        assert!(quoted_threes(&["ab", ""]).is_empty());
    }

    #[test]
    fn of_many_threes_the_rarest_are_asked_for() {
        let connection = Connection::open_in_memory().unwrap();
        schema::prepare(&connection).unwrap();
        for text in ["minutes of the council", "minutes of xyz", "minutes"] {
            connection.execute("INSERT INTO name_text (text) VALUES (?1)", [text]).unwrap();
        }
        let asked = question(&connection, "name_text", &["minutes of xyz"]).unwrap().unwrap();
        assert_eq!(asked, "\" xy\" AND \"f x\" AND \"xyz\" AND \" of\"");
        let at_most = |part: &str, most| {
            let question = question(&connection, "name_text", &[part]).unwrap().unwrap();
            at_most(&connection, "name_text", &question, most).unwrap()
        };
        assert_eq!(
            [at_most("minutes", 9), at_most("minutes", 2), at_most("xyz", 9), at_most("unicorn", 9)],
            [3, 2, 1, 0]
        );
    }
}
