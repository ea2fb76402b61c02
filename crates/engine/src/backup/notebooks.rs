//! OneNote notebooks that are only shortcuts. What OneDrive puts into a folder for a notebook is a small `.url` file that leads a browser
//! to it; the notes themselves are nowhere on the computer. The backup of such a file is complete, and worth nothing.

use chest_model::TreePath;

/// The first so many are named.
const NAMED: usize = 20;
/// So many bytes of a file are looked at.
const HEAD: usize = 4 << 10;

/// Files that are only shortcuts to notebooks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NotebookLinks {
    /// How many there are.
    pub count: u64,
    /// Where the first of them lie.
    pub first: Vec<TreePath>,
}

impl NotebookLinks {
    pub(super) fn add(&mut self, path: &TreePath) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(path.clone());
        }
    }
}

/// Whether a file of this name, beginning like this, only leads to a notebook.
pub(super) fn is_notebook_link(name: &[u8], head: &[u8]) -> bool {
    let is_shortcut = name.len() > 4 && name[name.len() - 4..].eq_ignore_ascii_case(b".url");
    is_shortcut && target(&head[..head.len().min(HEAD)]).is_some_and(|target| leads_to_notebook(&target))
}

/// Where an internet shortcut leads, in small letters.
fn target(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head).to_lowercase();
    let (_, section) = text.split_once("[internetshortcut]")?;
    let of_section = section.lines().skip(1).take_while(|line| !line.starts_with('['));
    let mut pairs = of_section.filter_map(|line| line.split_once('='));
    pairs.find(|(key, _)| key.trim() == "url").map(|(_, target)| target.trim().to_owned())
}

/// By OneNote's own scheme, its page on OneDrive and SharePoint, or the program that OneDrive is told to open it with.
fn leads_to_notebook(target: &str) -> bool {
    target.starts_with("onenote:") || target.contains("/onenote.aspx") || target.contains("app=onenote")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortcut(target: &str) -> Vec<u8> {
        format!("[{{000214A0-0000-0000-C000-000000000046}}]\r\nProp3=19,2\r\n[InternetShortcut]\r\nIDList=\r\nURL={target}\r\n")
            .into_bytes()
    }

    #[test]
    fn shortcuts_to_notebooks_are_known_by_where_they_lead() {
        for target in [
            "onenote:https://d.docs.live.net/5e1f/Documents/Council",
            "OneNote:///C:/Notes/Section.one",
            "https://parish-my.sharepoint.com/personal/clerk/_layouts/15/OneNote.aspx?id=%2Fpersonal%2Fclerk%2FCouncil",
            "https://onedrive.live.com/view.aspx?resid=5E1F!112&app=OneNote",
        ] {
            assert!(is_notebook_link(b"Council.url", &shortcut(target)), "{target}");
            assert!(is_notebook_link(b"COUNCIL.URL", &shortcut(target)), "{target}");
            assert!(!is_notebook_link(b"Council.txt", &shortcut(target)), "only shortcuts are: {target}");
        }
        assert!(is_notebook_link(b"a.url", b"\xef\xbb\xbf[internetshortcut]\nurl = onenote:x"));
    }

    #[test]
    fn other_shortcuts_are_not_nor_is_a_text_about_onenote() {
        for target in ["https://www.gov.uk/", "https://www.onenote.com/download", "https://example.org/?q=onenote:"] {
            assert!(!is_notebook_link(b"Council.url", &shortcut(target)), "{target}");
        }
        let late = [&b"[InternetShortcut]\r\n"[..], &[b'x'; HEAD], b"\r\nURL=onenote:x"].concat();
        for head in [&b"URL=onenote:x"[..], b"[InternetShortcut]\n[Other]\nURL=onenote:x", b"", &late] {
            assert!(!is_notebook_link(b"Council.url", head));
        }
        assert!(!is_notebook_link(b".url", &shortcut("onenote:x")), "a name without a stem is no shortcut");
    }

    #[test]
    fn the_first_are_named_and_all_are_counted() {
        let mut links = NotebookLinks::default();
        for number in 0..25 {
            links.add(&TreePath::from_bytes(format!("{number}.url").into_bytes()).unwrap());
        }
        assert_eq!((links.count, links.first.len()), (25, 20));
        assert_eq!(links.first[19].to_string(), "19.url");
    }
}
