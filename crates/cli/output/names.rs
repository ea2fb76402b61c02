//! File names in what the program says: on the screen as one harmless line that can be typed again, in JSON as text with the
//! bytes beside it where there are other ones.

use chest_engine::browse::ShownPath;
pub use chest_model::{harmless, shown, shown_place, typed};

/// The path as `ls` and `find` show it.
pub fn shown_path(path: &ShownPath) -> String {
    shown(&path.to_bytes())
}

/// For JSON: the name as text, and in hexadecimal where that loses something.
pub fn for_json(bytes: &[u8]) -> (String, Option<String>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => {
            let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            (String::from_utf8_lossy(bytes).into_owned(), Some(hex))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_what_text_would_lose() {
        assert_eq!(for_json("é".as_bytes()), ("é".to_owned(), None));
        assert_eq!(for_json(b"a\xff"), ("a\u{fffd}".to_owned(), Some("61ff".to_owned())));
    }
}
