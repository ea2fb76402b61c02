//! The index against the packs, and the packs themselves.

use super::{CheckOutcome, ReadData, finding};
use crate::{Context, EngineError, Opened};
use chest_model::{ChunkId, ObjectHash, Phase, Progress, Severity, WriterId};
use chest_repo::compress::Decompressor;
use chest_repo::index::IndexedPack;
use chest_repo::layout::Place;
use chest_repo::pack::PackKey;
use chest_repo::repository::{Fetcher, fresh};
use chest_repo::{ObjectError, RepoError};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

const PACK_MEANING: &str = "What it held is lost. Each backup that needs some of it is listed here too, with the files, or the part of its list of \
     files, that it lacks; where none is listed, nothing is missed. Everything else can be had back.";
const PACK_REMEDY: &str =
    "Keep the originals. Look for an older version of this object at the storage provider, or a second copy.";
const SPARE_MEANING: &str =
    "Every file can be had back: what is altered holds nothing of any. The pack is not as it was put.";
const INDEX_MEANING: &str =
    "Nothing is lost: the index can be rebuilt from the packs, and restores do so by themselves, more slowly.";
const INDEX_REMEDY: &str = "Run a backup; restores work meanwhile.";

/// What cannot be had back.
#[derive(Default)]
pub(super) struct Lost {
    /// Packs that are gone.
    pub(super) packs: BTreeSet<ObjectHash>,
    /// Chunks of packs that are there, of which no copy opens.
    pub(super) chunks: HashSet<ChunkId>,
}

/// Every writer's chunks.
pub(super) type Fetchers = BTreeMap<WriterId, Arc<Fetcher>>;

/// Reads every writer's index and holds it against the packs that are there.
pub(super) fn check_index(opened: &Opened, outcome: &mut CheckOutcome) -> Result<(Fetchers, Lost), EngineError> {
    let session = &opened.session;
    let present = session.list_packs()?;
    let mut fetchers = BTreeMap::new();
    let (mut told_index, mut told, mut lost) = (BTreeSet::new(), BTreeSet::new(), Lost::default());
    let mut decompressor = Decompressor::new().map_err(EngineError::Output)?;
    for writer in session.logs.keys() {
        let fetcher = opened.fetcher(*writer)?;
        for (name, problem) in fetcher.index().damaged.iter().filter(|(name, _)| told_index.insert(name.clone())) {
            outcome.add(finding(
                "index-damaged",
                Severity::Damage,
                name,
                problem.to_string(),
                INDEX_MEANING,
                INDEX_REMEDY,
            ));
        }
        let indexed = fetcher.index().lookup.packs().iter().map(|pack| (pack.name, Some(pack)));
        let named = session.packs_named_by(*writer)?.into_iter().map(|name| (name, None));
        for (name, pack) in indexed.chain(named) {
            if !told.insert(name) {
                continue;
            }
            let object = Place::Pack(name).name();
            match (present.get(&name), pack) {
                (None, _) => {
                    lost.packs.insert(name);
                    outcome.add(finding(
                        "pack-missing",
                        Severity::Damage,
                        object,
                        "it is missing",
                        PACK_MEANING,
                        PACK_REMEDY,
                    ));
                }
                (Some(found), Some(pack)) if *found != pack.size => {
                    let what = format!("it has {found} bytes instead of {}", pack.size);
                    tell_damaged(&fetcher, pack, what, &mut decompressor, &mut lost, outcome)?;
                }
                // No index names it, and it does not say itself what it holds.
                (Some(_), None) => {
                    if let Err(problem) = session.describe_pack(name)? {
                        outcome.add(finding(
                            "pack-damaged",
                            Severity::Damage,
                            object,
                            problem.to_string(),
                            PACK_MEANING,
                            PACK_REMEDY,
                        ));
                    }
                }
                _ => {}
            }
        }
        fetchers.insert(*writer, fetcher);
    }
    Ok((fetchers, lost))
}

/// Tells of a pack that is there and not as it was put. Its chunks are tried one by one, as a restore does: each proves itself.
fn tell_damaged(
    fetcher: &Fetcher,
    pack: &IndexedPack,
    what: String,
    decompressor: &mut Decompressor,
    lost: &mut Lost,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    let mut is_spare = true;
    for row in &pack.chunks {
        match fetcher.chunk(&row.id, decompressor) {
            Ok(_) => {}
            Err(error) if error.is_of_the_store() => return Err(error.into()),
            Err(_) => {
                is_spare = false;
                lost.chunks.insert(row.id);
            }
        }
    }
    let meaning = if is_spare { SPARE_MEANING } else { PACK_MEANING };
    outcome.add(finding("pack-damaged", Severity::Damage, Place::Pack(pack.name).name(), what, meaning, PACK_REMEDY));
    Ok(())
}

/// Reads a share of the packs in full, and adds to what is lost.
pub(super) fn read_packs(
    context: &Context<'_>,
    opened: &Opened,
    fetchers: &Fetchers,
    share: ReadData,
    lost: &mut Lost,
    outcome: &mut CheckOutcome,
) -> Result<(), EngineError> {
    let ReadData::Share(share) = share else { return Ok(()) };
    let mut packs: BTreeMap<ObjectHash, (&Arc<Fetcher>, &IndexedPack)> = BTreeMap::new();
    for fetcher in fetchers.values() {
        packs.extend(fetcher.index().lookup.packs().iter().map(|pack| (pack.name, (fetcher, pack))));
    }
    let chosen = choose(packs.into_values().collect(), share, &fresh(context.environment)?);
    let bytes = chosen.iter().map(|(_, pack)| pack.size).sum();
    context.monitor.progress(Progress::Begin { phase: Phase::CheckingData, items: chosen.len() as u64, bytes });
    let mut decompressor = Decompressor::new().map_err(EngineError::Output)?;
    for (fetcher, pack) in chosen {
        if context.monitor.cancelled() {
            return Err(EngineError::Interrupted);
        }
        match read_pack(opened, fetcher, pack, &mut decompressor) {
            Ok(()) => {
                outcome.packs_read += 1;
                outcome.bytes_read += pack.size;
            }
            // Told already.
            Err(RepoError::Object { problem: ObjectError::Missing, .. }) => {}
            Err(RepoError::Object { object, problem }) => {
                let known = outcome.findings.iter().any(|finding| finding.object == object);
                if !known {
                    tell_damaged(fetcher, pack, problem.to_string(), &mut decompressor, lost, outcome)?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        context.monitor.progress(Progress::Done { items: 1, bytes: pack.size });
    }
    context.monitor.progress(Progress::End);
    Ok(())
}

/// A random share, at least one.
fn choose<T>(mut all: Vec<T>, share: f64, seed: &[u8; 32]) -> Vec<T> {
    let wanted = ((all.len() as f64 * share).ceil() as usize).clamp(usize::from(!all.is_empty()), all.len());
    let mut stream = blake3::Hasher::new_keyed(seed).finalize_xof();
    for at in 0..wanted {
        let mut bytes = [0; 8];
        stream.fill(&mut bytes);
        let other = at + (u64::from_le_bytes(bytes) % (all.len() - at) as u64) as usize;
        all.swap(at, other);
    }
    all.truncate(wanted);
    all
}

/// Reads a pack and opens everything in it; a first bad read is read again, so that a bad line is not called damage.
fn read_pack(
    opened: &Opened,
    fetcher: &Fetcher,
    pack: &IndexedPack,
    decompressor: &mut Decompressor,
) -> Result<(), RepoError> {
    let place = Place::Pack(pack.name);
    let damaged = |problem| RepoError::Object { object: place.name().to_string(), problem };
    let mut read = opened.session.get_proven(&place)?;
    if matches!(read, Err(ObjectError::NotItsName)) {
        read = opened.session.get_proven(&place)?;
    }
    let bytes = read.map_err(damaged)?;
    let key = PackKey::from_object(opened.session.opener(), &bytes).map_err(damaged)?;
    let found = key.verify(&bytes, &fetcher.index().domain, decompressor).map_err(damaged)?;
    if found.chunks != pack.chunks || found.class != pack.class {
        return Err(damaged(ObjectError::Malformed("the index says something else of it than it says itself")));
    }
    Ok(())
}
