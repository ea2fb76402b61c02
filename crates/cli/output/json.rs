//! Pieces that the JSON answers share. Names that are no text are shown as near as text comes, with their bytes beside them.

use super::names::for_json;
use crate::time::rfc3339;
use chest_engine::browse::{ItemType, ShownPath};
use chest_model::{Completeness, Container, Exception, ExceptionKind, ObjectHash, Timestamp, UnreadableReason};
use serde::Serialize;

/// A path in a backup, to be flattened into what it belongs to.
#[derive(Debug, Serialize)]
pub struct PathJson {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
}

impl PathJson {
    /// Of a path in a backup.
    pub fn of(path: &ShownPath) -> Self {
        Self::of_bytes(&path.to_bytes())
    }

    /// Of any path.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let (path, path_bytes) = for_json(bytes);
        Self { path, path_bytes }
    }
}

/// A backup in which something was seen.
#[derive(Debug, Serialize)]
pub struct SightingJson {
    snapshot: String,
    ended: Option<String>,
}

impl SightingJson {
    /// Of its id, and when its reading ended.
    pub fn of((snapshot, ended): (ObjectHash, Timestamp)) -> Self {
        Self { snapshot: snapshot.to_hex(), ended: time(ended) }
    }
}

/// Something that was not read as it should have been.
#[derive(Debug, Serialize)]
pub struct ExceptionJson {
    #[serde(flatten)]
    path: PathJson,
    kind: &'static str,
    message: String,
}

impl ExceptionJson {
    /// Of one exception.
    pub fn of(exception: &Exception) -> Self {
        let path = ShownPath { root: exception.root.clone(), path: exception.path.clone() };
        Self { path: PathJson::of(&path), kind: exception_code(exception.kind), message: exception.message.clone() }
    }
}

/// An export whose contents were backed up.
#[derive(Debug, Serialize)]
pub struct ContainerJson {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name_bytes: Option<String>,
    bytes: u64,
    hash: Option<String>,
    newest: Option<String>,
}

impl ContainerJson {
    /// Of one export.
    pub fn of(container: &Container) -> Self {
        let (name, name_bytes) = for_json(&container.name);
        let hash = container.hash.map(|hash| ObjectHash(hash).to_hex());
        Self { name, name_bytes, bytes: container.size, hash, newest: container.newest.and_then(time) }
    }
}

/// Something that is wrong with a stored object.
#[derive(Debug, Serialize)]
pub struct ProblemJson {
    object: String,
    problem: String,
}

impl ProblemJson {
    /// Of names and what is wrong with them.
    pub fn of_all(problems: &[(String, String)]) -> Vec<Self> {
        problems.iter().map(|(object, problem)| Self::of(object, problem)).collect()
    }

    /// Of one name and what is wrong with it.
    pub fn of(object: &str, problem: &impl ToString) -> Self {
        Self { object: object.to_owned(), problem: problem.to_string() }
    }
}

/// `COMPLETE` or `PARTIAL`: for people and programs alike.
pub fn outcome(completeness: Completeness) -> &'static str {
    match completeness {
        Completeness::Complete => "COMPLETE",
        Completeness::Partial => "PARTIAL",
    }
}

/// RFC 3339; null for a time that no calendar has.
pub fn time(time: Timestamp) -> Option<String> {
    rfc3339(time)
}

/// What an item is, in one word.
pub fn item(item: ItemType) -> &'static str {
    match item {
        ItemType::File => "file",
        ItemType::Folder => "folder",
        ItemType::Link => "link",
        ItemType::Special => "special",
        ItemType::Unreadable => "unreadable",
    }
}

fn exception_code(kind: ExceptionKind) -> &'static str {
    match kind {
        ExceptionKind::ChangedWhileRead => "changed-while-read",
        ExceptionKind::Unreadable(reason) => match reason {
            UnreadableReason::PermissionDenied => "permission-denied",
            UnreadableReason::Vanished => "vanished",
            UnreadableReason::Changed => "changed",
            UnreadableReason::ReadError => "read-error",
            UnreadableReason::InUse => "in-use",
            UnreadableReason::CloudOnly => "cloud-only",
            UnreadableReason::Unsupported => "unsupported",
        },
    }
}
