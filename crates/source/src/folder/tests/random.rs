//! Random trees, compared with a walk that shares no code with ours.

use super::support::{TIGHT, assert_contract, items, source_with};
use crate::{FolderOptions, ItemKind};
use chest_model::TreePath;
use proptest::collection::btree_map;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

#[derive(Debug, Clone)]
enum Node {
    File(Vec<u8>),
    Link(Vec<u8>),
    Folder(Tree),
}

type Tree = BTreeMap<Vec<u8>, Node>;

/// Names of few letters, so that many are the beginning of another; `!` and space sort below the separator and above
/// it.
fn name() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop::sample::select(b"ab .!0\n\xff\x01~".to_vec());
    prop::collection::vec(byte, 1..4).prop_filter("dots", |name| name != b"." && name != b"..")
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..50).prop_map(Node::File),
        name().prop_map(Node::Link),
        Just(Node::Folder(Tree::new())),
    ];
    let node = leaf.prop_recursive(6, 60, 8, |inner| btree_map(name(), inner, 0..8).prop_map(Node::Folder));
    btree_map(name(), node, 0..8)
}

fn build(path: &Path, tree: &Tree) {
    for (name, node) in tree {
        let path = path.join(OsString::from_vec(name.clone()));
        match node {
            Node::File(data) => fs::write(path, data).unwrap(),
            Node::Link(target) => std::os::unix::fs::symlink(OsString::from_vec(target.clone()), path).unwrap(),
            Node::Folder(tree) => {
                fs::create_dir(&path).unwrap();
                build(&path, tree);
            }
        }
    }
}

/// What the standard library sees, sorted by the order that paths define.
fn independent_walk(root: &Path) -> Vec<(TreePath, char)> {
    let mut found = vec![(TreePath::root(), 'd')];
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let below = entry.path().strip_prefix(root).unwrap().as_os_str().as_bytes().to_vec();
            let file_type = entry.file_type().unwrap();
            let kind = if file_type.is_dir() {
                'd'
            } else if file_type.is_symlink() {
                'l'
            } else {
                'f'
            };
            if kind == 'd' {
                folders.push(entry.path());
            }
            found.push((TreePath::from_bytes(below).unwrap(), kind));
        }
    }
    found.sort();
    found
}

fn letter(kind: &ItemKind) -> char {
    match kind {
        ItemKind::Directory => 'd',
        ItemKind::Symlink { .. } => 'l',
        ItemKind::File { .. } => 'f',
        _ => '?',
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_random_tree_is_walked_in_tree_order_whatever_the_threads_and_limits(
        tree in tree(),
        threads in 0_usize..4,
        tight in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        build(dir.path(), &tree);
        let mut source = source_with(dir.path(), FolderOptions { threads, ..FolderOptions::default() });
        if tight {
            source.limits = TIGHT;
        }
        let walked: Vec<_> = items(&source).into_iter().map(|item| (letter(&item.kind), item.path)).collect();
        let walked: Vec<_> = walked.into_iter().map(|(kind, path)| (path, kind)).collect();
        prop_assert_eq!(walked, independent_walk(dir.path()));
        assert_contract(&source);
    }
}
