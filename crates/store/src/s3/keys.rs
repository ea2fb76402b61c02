//! Names of objects as keys of a bucket, and back.

use crate::ObjectName;

/// The keys below one prefix.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    /// `prefix` is empty or ends with a slash.
    pub(super) fn below(prefix: String) -> Self {
        Self { prefix }
    }

    pub(super) fn key(&self, name: &ObjectName) -> String {
        self.prefixed(name.as_str())
    }

    pub(super) fn prefixed(&self, rest: &str) -> String {
        format!("{}{rest}", self.prefix)
    }

    /// What stands after the prefix, or none for a key that lies elsewhere.
    pub(super) fn rest<'a>(&self, key: &'a str) -> Option<&'a str> {
        key.strip_prefix(&self.prefix)
    }
}

/// A key from a list with `encoding-type=url`. None where it makes no sense.
pub(super) fn decode(key: &str) -> Option<String> {
    let mut bytes = key.bytes();
    let mut plain = Vec::with_capacity(key.len());
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(plain).ok()
}

fn hex(digit: u8) -> Option<u8> {
    // Below 16, so it fits.
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_names_below_the_prefix() {
        let keys = Keys::below("council/".to_owned());
        let name = ObjectName::new("packs/ab").unwrap();
        assert_eq!(keys.key(&name), "council/packs/ab");
        assert_eq!(keys.rest("council/packs/ab"), Some("packs/ab"));
        assert_eq!(keys.rest("councillors/packs/ab"), None);
        assert_eq!(Keys::below(String::new()).key(&name), "packs/ab");
    }

    #[test]
    fn encoded_keys_are_decoded_strictly() {
        assert_eq!(decode("a%2Fb+c%2b%C3%A9").as_deref(), Some("a/b c+é"));
        for nonsense in ["%", "%2", "%zz", "%ff", "a%"] {
            assert_eq!(decode(nonsense), None, "{nonsense}");
        }
    }
}
