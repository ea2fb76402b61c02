//! What a source has left out though nobody asked for it: files of kinds that never belong in a backup. They are counted, and copies of
//! mailboxes among them named: one of an account that was closed may be all that is left of it.

use chest_model::TreePath;

/// As many mailboxes are named.
const NAMED: usize = 100;

/// Files left out by the built-in patterns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How many files.
    pub files: u64,
    /// How many of them are Outlook's copies of mailboxes (`.ost`).
    pub mailbox_count: u64,
    /// The first of these.
    pub mailboxes: Vec<TreePath>,
}

impl PassedOver {
    /// One more.
    pub(crate) fn add(&mut self, path: TreePath) {
        self.files += 1;
        if path.name().is_some_and(is_mailbox) {
            self.mailbox_count += 1;
            if self.mailboxes.len() < NAMED {
                self.mailboxes.push(path);
            }
        }
    }
}

fn is_mailbox(name: &[u8]) -> bool {
    name.len() >= 4 && name[name.len() - 4..].eq_ignore_ascii_case(b".ost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_and_mailboxes_named_up_to_a_bound() {
        let mut passed = PassedOver::default();
        for number in 0..150 {
            for name in [format!("a/clerk {number}.OST"), format!("a/~${number}.docx"), format!("{number}ost")] {
                passed.add(TreePath::from_bytes(name.into_bytes()).unwrap());
            }
        }
        assert_eq!((passed.files, passed.mailbox_count, passed.mailboxes.len()), (450, 150, NAMED));
        assert_eq!(passed.mailboxes[1].to_string(), "a/clerk 1.OST");
    }
}
