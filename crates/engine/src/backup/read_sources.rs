//! Reads the sources of a run, each with the help of what the last run left of it, and asks of each what is said of it as a whole.

use super::BackupOptions;
use super::assemble::{Assembled, Assembler};
use super::hashes::ExportHashes;
use super::next_cache::NextCache;
use super::pipeline::run_source;
use crate::{Context, EngineError};
use chest_model::{Class, ExceptionKind, RootDescription, TreePath, UnreadableReason};
use chest_repo::chunk::{Chunker, ChunkerParameters};
use chest_repo::local::{CacheReader, LocalFolder, LocalKey};
use chest_repo::record::LeftOutBy;
use chest_repo::repository::{Batch, ChunkTools};
use chest_source::{Excludes, Patterns, Source, SourceError};
use std::collections::BTreeSet;

/// What has been read.
pub(super) struct SourcesRead<'r> {
    pub(super) roots: Vec<Assembled>,
    /// What was passed over.
    pub(super) stored_before: Vec<RootDescription>,
    pub(super) had_cache: bool,
    pub(super) hashes: ExportHashes<'r>,
}

/// Whether each has a name of its own under which it can be kept.
pub(super) fn check_sources(sources: &[Box<dyn Source>]) -> Result<(), EngineError> {
    if sources.is_empty() {
        return Err(EngineError::NothingToBackUp);
    }
    let mut labels = BTreeSet::new();
    for source in sources {
        let label = &source.description().label;
        let shown = || chest_model::shown(label);
        if label.len() > RootDescription::LONGEST_LABEL || TreePath::root().child(label).is_err() {
            return Err(EngineError::BadLabel(shown()));
        }
        if !labels.insert(label.clone()) {
            return Err(EngineError::SameRootTwice(shown()));
        }
    }
    Ok(())
}

/// What they are read with.
pub(super) struct Reading<'r> {
    pub(super) context: &'r Context<'r>,
    pub(super) options: &'r BackupOptions,
    pub(super) local_key: &'r LocalKey,
    /// What this computer knows of its last run.
    pub(super) cache_folder: LocalFolder,
    pub(super) parameters: ChunkerParameters,
}

impl<'r> Reading<'r> {
    /// Reads them one after the other.
    pub(super) fn read(&self, sources: &[Box<dyn Source>], batch: &Batch<'_>) -> Result<SourcesRead<'r>, EngineError> {
        let (context, cache_folder) = (self.context, &self.cache_folder);
        let chunker = Chunker::new(self.parameters, batch.domain());
        let (mut roots, mut stored_before, mut had_cache) = (Vec::new(), Vec::new(), true);
        let hashes = ExportHashes::load(cache_folder, self.local_key, context.environment);
        for source in sources {
            let description = source.description();
            if hashes.were_stored(&**source) {
                stored_before.push(description.clone());
                continue;
            }
            let cache = CacheReader::open(cache_folder, &description.label, self.local_key);
            had_cache &= cache.is_there() || source.is_wanted_once();
            let next_cache = NextCache::begin(cache_folder, &description.label, self.local_key);
            let tools = ChunkTools::new(self.options.level)?;
            let assembler = Assembler::new(batch, tools, next_cache, context.environment, context.monitor, description);
            let mut assembled = run_source(
                &**source,
                batch,
                &chunker,
                cache,
                assembler,
                self.options,
                context.monitor,
                context.environment,
            )?;
            assembled.outcome.passed_over = source.passed_over();
            if let Some(Patterns { built_in, own }) = source.left_out_by().map(Excludes::patterns) {
                assembled.left_out_by = LeftOutBy { built_in: built_in.clone(), own: own.clone() };
            }
            assembled.outcome.containers = source.containers(&hashes.begin());
            assembled.outcome.newest_content = assembled.outcome.newest_message.or_else(|| {
                // When a mailbox was written into an export says nothing of how old what it holds is.
                let tells = source.description().class != Class::Email || !assembled.holds_mail;
                tells.then(|| source.newest_content()).flatten()
            });
            assembled.found.is_export = !assembled.outcome.containers.is_empty();
            if assembled.found.is_export {
                assembled.outcome.folders_not_remembered = assembled.found.folders.beyond();
            }
            assembled.outcome.is_once = source.is_wanted_once();
            if assembled.exceptions.leave_nothing_to_be_had() {
                assembled.known_by = source.known_by(&hashes.begin());
            }
            source.release();
            roots.push(assembled);
        }
        Ok(SourcesRead { roots, stored_before, had_cache, hashes })
    }
}

/// Where nothing that was named could be read, the run has failed: a record of it would look like a backup.
pub(super) fn nothing_read(roots: &[Assembled]) -> Option<SourceError> {
    let first = |root: &Assembled| root.exceptions.of_whole_root().cloned();
    let failures: Option<Vec<_>> = roots.iter().map(first).collect();
    let (failure, root) = failures?.into_iter().zip(roots).next()?;
    let path = chest_model::shown(&root.outcome.description.native_path);
    match failure.kind {
        ExceptionKind::Unreadable(UnreadableReason::Vanished) => Some(SourceError::NotFound { path }),
        ExceptionKind::Unreadable(reason) => Some(SourceError::Unreadable { path, reason, message: failure.message }),
        ExceptionKind::ChangedWhileRead => None,
    }
}
