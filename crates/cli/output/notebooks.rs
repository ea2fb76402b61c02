//! What is said of OneNote notebooks that are only shortcuts: a clerk who sees their names in a folder believes them to be in the backup.

use super::amounts::{count, grouped};
use super::json::PathJson;
use super::names::shown_path;
use chest_engine::backup::RootOutcome;
use chest_engine::browse::ShownPath;
use serde::Serialize;
use std::io::{self, Write};

/// A note with the first of them; nothing where there is none.
pub fn write_notebook_links(out: &mut dyn Write, root: &RootOutcome) -> io::Result<()> {
    let links = &root.notebook_links;
    let (are, them) = match links.count {
        0 => return Ok(()),
        1 => ("is only a shortcut", "it"),
        _ => ("are only shortcuts", "them"),
    };
    let notebooks = count(links.count, "OneNote notebook");
    writeln!(
        out,
        "NOTE: {notebooks} {are} here: what is written in {them} is not in this backup. Export {them} from OneNote."
    )?;
    for path in first(root) {
        writeln!(out, "  {}", shown_path(&path))?;
    }
    let more = links.count - links.first.len() as u64;
    if more > 0 {
        writeln!(out, "  and {} more", grouped(more))?;
    }
    Ok(())
}

fn first(root: &RootOutcome) -> impl Iterator<Item = ShownPath> {
    let label = &root.description.label;
    root.notebook_links.first.iter().map(|path| ShownPath { root: label.clone(), path: path.clone() })
}

/// The same for programs.
#[derive(Debug, Serialize)]
pub struct NotebookLinksJson {
    count: u64,
    first: Vec<PathJson>,
}

impl NotebookLinksJson {
    /// Of a root that holds some.
    pub fn of(root: &RootOutcome) -> Option<Self> {
        let count = root.notebook_links.count;
        (count > 0).then(|| Self { count, first: first(root).map(|path| PathJson::of(&path)).collect() })
    }
}
