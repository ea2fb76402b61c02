//! Makes a new repository's index as large as wanted, for the growth figures: as if a run had been killed that had sent so
//! many chunks. `many_chunks REPOSITORY STATE_DIR CHUNKS` on a repository that has just been made by `chest init`; the next
//! `chest backup` takes the packs over and writes the index as it always does.
//!
//! Only the packs' content is missing: they are files of the right name and length without a single block on the disk, so
//! nothing that reads chunks of them would work. Opening, backing up and finding read none.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use chest_engine::repo::compress::Compression;
use chest_engine::repo::index::IndexedPack;
use chest_engine::repo::layout::Place;
use chest_engine::repo::local::{Journal, LocalFolder, LocalKey, WriterFile};
use chest_engine::repo::pack::{PackClass, PackedChunk};
use chest_model::{ChunkId, ObjectHash};
use std::fs::{self, File};
use std::path::Path;
use support::{ThisComputer, id};

/// What a full pack holds of chunks of 1 MiB that compress by a few per cent.
const CHUNKS_PER_PACK: u64 = 16;
const PACK_LEN: u64 = 16 << 20;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [repository, state, chunks] = &arguments[..] else {
        // `cargo bench` without a name starts every bench: this one has nothing to do then.
        println!("many_chunks REPOSITORY STATE_DIR CHUNKS: see benches/growth");
        return;
    };
    let folder = only_folder(Path::new(state));
    let writer = WriterFile::load(&folder).unwrap().unwrap();
    let packs: Vec<IndexedPack> =
        (0..chunks.parse::<u64>().unwrap() / CHUNKS_PER_PACK).map(|number| pack(&writer, number)).collect();
    for pack in &packs {
        let path = Path::new(repository).join(Place::Pack(pack.name).name().as_str());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        File::create(path).unwrap().set_len(pack.size).unwrap();
    }
    Journal::begin(&folder, &LocalKey::of_writer(&writer.key), &[], &packs, &ThisComputer).unwrap();
    println!("{} packs, {} chunks", packs.len(), packs.len() as u64 * CHUNKS_PER_PACK);
}

/// The one repository that this computer is enrolled in.
fn only_folder(state: &Path) -> LocalFolder {
    let folders: Vec<_> = fs::read_dir(state).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [folder] = &folders[..] else { panic!("expected one repository below {}", state.display()) };
    LocalFolder::new(folder)
}

fn pack(writer: &WriterFile, number: u64) -> IndexedPack {
    let chunk = |position| PackedChunk {
        id: ChunkId(id(number * CHUNKS_PER_PACK + position)),
        plain_len: 1 << 20,
        stored_len: (1 << 20) - 1024,
        compression: Compression::Zstandard,
    };
    IndexedPack {
        name: ObjectHash(id(u64::MAX / 2 + number)),
        writer: writer.key.writer(),
        epoch: writer.key.epoch(),
        class: PackClass::Data,
        size: PACK_LEN,
        key_part: [7; _],
        chunks: (0..CHUNKS_PER_PACK).map(chunk).collect(),
    }
}
