//! What the paths on the command line mean: a folder or file as it is, or exports (ZIP files) for what is in them.

use chest_engine::source::{
    Export, ExportFolder, ExportSeries, FolderSource, InFolder, OlderExport, ReadFailure, ZipOptions, in_folder,
    is_export, same_exports, title_of_export,
};
use chest_model::{Class, RootDescription};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// One source to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The path as it was typed; of several parts of one export, the first.
    pub path: PathBuf,
    /// What kind of documents it holds.
    pub class: Class,
    /// What it is taken for.
    pub what: What,
}

/// What a path is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// A folder or file, as it is.
    AsItIs,
    /// The same, of a folder that holds exports beside much else.
    Mixed,
    /// The same, of a folder of folders that hold exports.
    Scattered,
    /// The same, of a folder of too many different ones.
    Many,
    /// The parts of an export that were named.
    Export(Export),
    /// The newest of the exports in a folder of them, of one series.
    Newest(ExportSeries),
    /// An older one, of which newer ones hold most.
    Older(OlderExport),
    /// What lies in a folder of exports and is none: everything but these. A root of its own, for in one with what is in the exports
    /// two files could have one name.
    Beside(Vec<OsString>),
}

impl Named {
    /// Every file that is to be read instead of the path.
    pub fn parts(&self) -> &[PathBuf] {
        match &self.what {
            What::AsItIs | What::Mixed | What::Scattered | What::Many | What::Beside(_) => &[],
            What::Export(Export { parts, .. })
            | What::Newest(ExportSeries { newest: parts, .. })
            | What::Older(OlderExport { parts, .. }) => parts,
        }
    }

    /// Whether nothing in it is taken apart.
    pub fn is_as_it_is(&self) -> bool {
        matches!(self.what, What::AsItIs | What::Mixed | What::Scattered | What::Many | What::Beside(_))
    }

    /// What should be among those files and cannot be read, or is not there: names, and why.
    pub fn unreadable(&self) -> &[(Vec<u8>, ReadFailure)] {
        match &self.what {
            What::Newest(series) => &series.unreadable,
            What::Export(export) => &export.missing,
            _ => &[],
        }
    }

    /// The name under which it is stored, `chosen` or its own. That of an export does not depend on this week's name of the
    /// file, or else next week's would be another thing.
    pub fn label(&self, all: &[Self], chosen: Option<&OsStr>) -> Vec<u8> {
        let base = || chosen.map_or_else(|| FolderSource::label_for(&self.path), |name| name.as_bytes().to_vec());
        match &self.what {
            What::Newest(ExportSeries { title: Some(title), .. }) | What::Older(OlderExport { title, .. }) => {
                extended(&base(), &[b" (", &title[..], b")"].concat())
            }
            What::Beside(_) => extended(&base(), b" (other files)"),
            What::Export(_) if chosen.is_none() => self.label_of_export(all),
            _ => base(),
        }
    }

    fn label_of_export(&self, all: &[Self]) -> Vec<u8> {
        let is_like_this = |one: &&Self| one.class == self.class && matches!(one.what, What::Export(_));
        if all.iter().filter(is_like_this).count() > 1 {
            return self.path.file_stem().unwrap_or_default().as_bytes().to_vec();
        }
        let title = title_of_export(&self.path);
        let is_of = |service: &[u8]| title.eq_ignore_ascii_case(service);
        // What is packed in files of another name is another thing, and no version of this one.
        match self.class {
            Class::Documents if is_of(b"OneDrive") => b"OneDrive export".to_vec(),
            Class::Documents if is_of(b"SharePoint") => b"SharePoint export".to_vec(),
            Class::Email if is_of(b"OneDrive") || is_of(b"takeout") => b"E-mail export".to_vec(),
            Class::Documents => extended(&title, b" (ZIP)"),
            Class::Email => extended(&title, b" (e-mail ZIP)"),
            Class::Other => extended(&title, b" (other ZIP)"),
        }
    }
}

/// A name with more at its end, which begins shorter where no folder could have the whole.
fn extended(name: &[u8], more: &[u8]) -> Vec<u8> {
    let mut room = name.len().min(RootDescription::LONGEST_LABEL.saturating_sub(more.len()));
    // A letter is never cut in two.
    while str::from_utf8(name).is_ok_and(|text| !text.is_char_boundary(room)) {
        room -= 1;
    }
    [&name[..room], more].concat()
}

/// Sorts out what was typed. Parts of one export become one; what cannot be looked at is left to whoever opens it.
pub fn sort_out(given: &[(&Path, Class)], as_is: bool, options: &ZipOptions) -> Vec<Named> {
    let mut all: Vec<Named> = Vec::new();
    for class in Class::ALL {
        let of_class: Vec<&Path> = given.iter().filter(|(_, one)| *one == class).map(|(path, _)| *path).collect();
        let (files, others): (Vec<&Path>, Vec<&Path>) =
            of_class.into_iter().partition(|path| !as_is && is_export(path).unwrap_or(false));
        all.extend(others.into_iter().flat_map(|path| other(path, class, as_is, options)));
        let files: Vec<PathBuf> = files.into_iter().map(Path::to_owned).collect();
        let exports = same_exports(files.clone(), &options.zone);
        // If one has gone meanwhile, opening it tells.
        let alone = |file| Export { parts: vec![file], missing: Vec::new() };
        let exports = exports.unwrap_or_else(|_| files.into_iter().map(alone).collect());
        let named = |export: Export| Named { path: export.parts[0].clone(), class, what: What::Export(export) };
        all.extend(exports.into_iter().map(named));
    }
    let position = |named: &Named| {
        let is_of_it = |path: &Path| path == named.path || named.parts().iter().any(|part| part == path);
        given.iter().position(|(path, class)| *class == named.class && is_of_it(path))
    };
    all.sort_by_key(position);
    all
}

/// What is no export by itself: a file or folder, or the exports in it.
fn other(path: &Path, class: Class, as_is: bool, options: &ZipOptions) -> Vec<Named> {
    let named = |what| Named { path: path.to_owned(), class, what };
    match in_folder(path, options) {
        _ if as_is => vec![named(What::AsItIs)],
        Ok(InFolder::Exports(ExportFolder { series, exports, others })) => {
            let beside = (others > 0).then(|| named(What::Beside(exports)));
            let older: Vec<_> =
                series.iter().flat_map(|series| series.older.clone()).map(|older| named(What::Older(older))).collect();
            series.into_iter().map(|series| named(What::Newest(series))).chain(beside).chain(older).collect()
        }
        Ok(InFolder::Mixed) => vec![named(What::Mixed)],
        Ok(InFolder::Scattered) => vec![named(What::Scattered)],
        Ok(InFolder::Many) => vec![named(What::Many)],
        // What is no folder, or cannot be listed, is told by whoever opens it.
        Ok(InFolder::Other) | Err(_) => vec![named(What::AsItIs)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// An archive without members.
    const ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

    #[test]
    fn a_name_with_more_at_its_end_is_one_that_a_folder_can_have() {
        assert_eq!(extended(b"Exports", b" (other files)"), b"Exports (other files)");
        let label = extended("\u{e9}".repeat(127).as_bytes(), b" (other files)");
        assert_eq!(str::from_utf8(&label).unwrap(), format!("{} (other files)", "\u{e9}".repeat(120)));
        assert_eq!(extended(&[0xff; 255], b" (a)").len(), RootDescription::LONGEST_LABEL);
    }

    #[test]
    fn parts_of_one_export_are_one_and_everything_stays_in_the_order_in_which_it_was_typed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["OneDrive_1_20-11-2026.zip", "OneDrive_2_20-11-2026.zip", "mail.zip"] {
            fs::write(path(name), ZIP).unwrap();
        }
        fs::create_dir(path("photos")).unwrap();
        let (second, first) = (path("OneDrive_2_20-11-2026.zip"), path("OneDrive_1_20-11-2026.zip"));
        let (mail, photos, gone) = (path("mail.zip"), path("photos"), path("gone.zip"));
        let documents = Class::Documents;
        let given = [
            (photos.as_path(), documents),
            (&second, documents),
            (&gone, documents),
            (&first, documents),
            (&mail, Class::Email),
        ];
        let all = sort_out(&given, false, &ZipOptions::default());
        let paths: Vec<&PathBuf> = all.iter().map(|named| &named.path).collect();
        assert_eq!(paths, [&photos, &first, &gone, &mail]);
        assert_eq!(all[1].parts(), [first.clone(), second.clone()]);
        let labels: Vec<Vec<u8>> = all.iter().map(|named| named.label(&all, None)).collect();
        assert_eq!(labels, [&b"photos"[..], b"OneDrive export", b"gone.zip", b"mail (e-mail ZIP)"]);
        let as_is = sort_out(&given, true, &ZipOptions::default());
        assert!(as_is.len() == 5 && as_is.iter().all(|named| named.what == What::AsItIs));
    }

    #[test]
    fn an_export_that_is_named_alone_is_called_by_what_its_name_has_in_common_with_next_weeks() {
        let folder = tempfile::tempdir().unwrap();
        let label = |name: &str, class: Class| {
            let path = folder.path().join(name);
            fs::write(&path, ZIP).unwrap();
            let all = sort_out(&[(&path, class)], false, &ZipOptions::default());
            String::from_utf8(all[0].label(&all, None)).unwrap()
        };
        for (label_of_all, names) in [
            ("OneDrive export", &["OneDrive_1_20-11-2026.zip", "OneDrive_2026-11-27.zip", "onedrive_1.ZIP"][..]),
            ("SharePoint export", &["SharePoint_1_20-11-2026.zip"]),
            ("Export (ZIP)", &["Export.zip", "Export (1).zip"]),
            ("Documents (ZIP)", &["Documents-20261120T093000Z-001.zip", "Documents-20261127T093000Z-001.zip"]),
            ("trees (ZIP)", &["trees.zip"]),
            ("2019 (ZIP)", &["2019.zip"]),
        ] {
            names.iter().for_each(|name| assert_eq!(label(name, Class::Documents), label_of_all, "{name}"));
        }
        assert_eq!(label("takeout-20261120T093000Z-001.zip", Class::Email), "E-mail export");
        assert_eq!(label("trees.zip", Class::Other), "trees (other ZIP)");
        // Maps, tables and mailboxes of other programs are ZIPs on the inside, and stay the files that they are.
        for name in ["trees.kmz", "budget.numbers", "clerk.olm", "no extension"] {
            assert_eq!(label(name, Class::Documents), name);
        }
    }

    #[test]
    fn two_exports_of_one_class_have_the_names_of_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["Minutes.zip", "Accounts.zip"].map(|name| folder.path().join(name));
        paths.iter().for_each(|path| fs::write(path, ZIP).unwrap());
        let given: Vec<(&Path, Class)> = paths.iter().map(|path| (path.as_path(), Class::Other)).collect();
        let all = sort_out(&given, false, &ZipOptions::default());
        assert_eq!(all.iter().map(|named| named.label(&all, None)).collect::<Vec<_>>(), [&b"Minutes"[..], b"Accounts"]);
    }
}
