//! A folder that was to be backed up and is not there: one item that could not be read. So the backup names what it lacks, and
//! nobody takes it for a folder that was emptied.

use crate::{Content, ItemKind, ReadFailure, Source, SourceError, SourceItem, Xattrs};
use chest_model::{Fingerprint, Metadata, RootDescription, TreePath, UnreadableReason};
use std::ops::ControlFlow;

/// In the place of a source that could not be opened.
#[derive(Debug, Clone)]
pub struct MissingSource {
    description: RootDescription,
    failure: ReadFailure,
}

impl MissingSource {
    /// Of a source that could not be opened, and why.
    pub fn new(description: RootDescription, error: &SourceError) -> Self {
        let reason = match error {
            SourceError::NotFound { .. } | SourceError::Vanished { .. } => UnreadableReason::Vanished,
            SourceError::Unreadable { reason, .. } => *reason,
            SourceError::NoExport { .. } => UnreadableReason::ReadError,
        };
        Self { description, failure: ReadFailure::lasting(reason, error.to_string()) }
    }
}

impl Source for MissingSource {
    fn description(&self) -> &RootDescription {
        &self.description
    }

    fn walk(&self, visit: &mut dyn FnMut(SourceItem) -> ControlFlow<()>) -> Result<(), SourceError> {
        // There is nothing after the only item, whatever the visitor says.
        let _ = visit(SourceItem {
            path: TreePath::root(),
            kind: ItemKind::Unreadable(self.failure.clone()),
            metadata: Metadata::default(),
            fingerprint: Fingerprint::default(),
            first_link: None,
            cloud_only: false,
        });
        Ok(())
    }

    fn xattrs(&self, _: &SourceItem) -> Result<Xattrs, ReadFailure> {
        Err(self.failure.clone())
    }

    fn open(&self, _: &SourceItem) -> Result<Box<dyn Content>, ReadFailure> {
        Err(self.failure.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chest_model::{Class, RootEncoding};

    #[test]
    fn what_is_not_there_is_one_item_with_its_reason() {
        let description = RootDescription {
            label: b"documents".to_vec(),
            native_path: b"/nowhere".to_vec(),
            encoding: RootEncoding::UnixBytes,
            class: Class::Documents,
        };
        let source = MissingSource::new(description, &SourceError::NotFound { path: "/nowhere".to_owned() });
        let items = crate::contract::items(&source).unwrap();
        assert_eq!(items.len(), 1);
        assert!(items[0].path.is_root());
        let failure = ReadFailure::lasting(UnreadableReason::Vanished, "/nowhere does not exist");
        assert_eq!(items[0].kind, ItemKind::Unreadable(failure));
    }
}
