//! What the several exports of a folder are called: each by a name of its own, and by the same one next week.

use super::exports::name_of;
use super::lines::Line;
use super::names::cut;
use std::collections::HashSet;
use std::path::PathBuf;

/// A label has room for so much.
const LONGEST: usize = 240;

/// Titles that have been given.
#[derive(Default)]
pub(super) struct Titles(HashSet<Vec<u8>>);

impl Titles {
    /// This one, or where it has been given another like it.
    pub(super) fn take(&mut self, wanted: Vec<u8>) -> Vec<u8> {
        let stem = cut(&wanted, LONGEST).to_vec();
        let numbered = (2_u64..).map(|number| [&stem[..], format!(" {number}").as_bytes()].concat());
        let free = std::iter::once(stem.clone()).chain(numbered).find(|title| !self.0.contains(title));
        let title = free.unwrap_or(stem);
        self.0.insert(title.clone());
        title
    }

    /// Each by the folder in which most of it lies, where that is another for each; else by its first file, which stays the first as long as
    /// it lies there. What one of them was called must not be what another is called next week.
    pub(super) fn of_lines(&mut self, lines: &[Line]) -> Vec<Vec<u8>> {
        let folders: HashSet<&Vec<u8>> = lines.iter().filter_map(|line| line.main_folder.as_ref()).collect();
        let are_different = folders.len() == lines.len() && folders.iter().all(|folder| !self.0.contains(*folder));
        let folder = |line: &Line| line.main_folder.clone().filter(|_| are_different);
        let titles = lines.iter().map(|line| folder(line).unwrap_or_else(|| stem(line.first_file())));
        titles.map(|title| self.take(title)).collect()
    }

    /// By its first file.
    pub(super) fn of_parts(&mut self, parts: &[PathBuf]) -> Vec<u8> {
        self.take(stem(parts.first()))
    }
}

/// A file's name without extension.
fn stem(file: Option<&PathBuf>) -> Vec<u8> {
    let name = file.map_or(&[][..], |file| name_of(file));
    name[..name.len().saturating_sub(4)].to_vec()
}
