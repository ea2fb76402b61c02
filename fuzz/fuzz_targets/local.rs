//! Any bytes as what a computer that backs up keeps for itself: as a file, and as the plaintext under its seal. The first byte chooses
//! the decoder. What is read is written and read again as the same.

#![no_main]

use chest_model::{Epoch, RepositoryId, WriterId};
use chest_repo::keys::MasterKey;
use chest_repo::local::{
    Baseline, CacheReader, CachedEntry, FileHashes, Journal, JournalRecovery, LocalFolder, LocalKey, Seen, WriterFile,
};
use chest_repo::tree::{decode_entry, encode_entry};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const LABEL: &[u8] = b"documents";

static KEY: LazyLock<LocalKey> = LazyLock::new(|| {
    let master = MasterKey::new([1; 32], RepositoryId([2; 32]), Epoch(0));
    LocalKey::of_writer(&master.writer(WriterId([3; 16])))
});

/// Where temporary files lie: `.ci/fuzz` puts that into memory, and takes it away afterwards.
static FOLDER: LazyLock<LocalFolder> = LazyLock::new(|| {
    let folder = LocalFolder::new(std::env::temp_dir().join(format!("parish-chest-fuzz-{}", std::process::id())));
    folder.make().expect("room for a few files");
    folder
});

const DECODERS: [fn(&[u8]); 7] = [file, writer_file, seen, baseline, hashes, journal, cache];

fuzz_target!(|input: &[u8]| {
    let Some((&which, bytes)) = input.split_first() else { return };
    DECODERS[usize::from(which) % DECODERS.len()](bytes);
});

/// Each file in turn, as it lies on the disk.
fn file(bytes: &[u8]) {
    let Some((&which, bytes)) = bytes.split_first() else { return };
    let cache = format!("root-{}", &blake3::hash(LABEL).to_hex()[..32]);
    let name = ["writer", "seen", "baseline", "hashes", "journal", &cache][usize::from(which) % 6];
    std::fs::write(FOLDER.file(name), bytes).expect("room for a file");
    match name {
        "writer" => drop(WriterFile::load(&FOLDER)),
        "seen" => drop(Seen::load(&FOLDER, name, &KEY)),
        "baseline" => drop(Baseline::load(&FOLDER, &KEY)),
        "hashes" => drop(FileHashes::load(&FOLDER, &KEY)),
        "journal" => drop(Journal::recover(&FOLDER, &KEY)),
        _ => drop(CacheReader::open(&FOLDER, LABEL, &KEY)),
    }
}

/// As it is, and with the checksum that belongs to it: few inputs would guess it.
fn writer_file(bytes: &[u8]) {
    let with_checksum = [bytes, &blake3::hash(bytes).as_bytes()[..]].concat();
    for bytes in [bytes, &with_checksum] {
        if let Ok(file) = WriterFile::decode(bytes) {
            let encoded = file.encode();
            assert_eq!(WriterFile::decode(&encoded).expect("it was read before").encode(), encoded);
        }
    }
}

fn seen(bytes: &[u8]) {
    if let Ok(seen) = Seen::decode(bytes) {
        assert_eq!(Seen::decode(&seen.encode()), Ok(seen));
    }
}

fn baseline(bytes: &[u8]) {
    if let Ok(baseline) = Baseline::decode(bytes) {
        assert_eq!(Baseline::decode(&baseline.encode()), Ok(baseline));
    }
}

fn hashes(bytes: &[u8]) {
    if let Ok(hashes) = FileHashes::decode(bytes) {
        assert_eq!(FileHashes::decode(&hashes.encode()), Ok(hashes));
    }
}

/// Frames, each behind its length.
fn journal(mut bytes: &[u8]) {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (frame, rest) = rest.split_at(usize::from(u16::from_le_bytes(*length)).min(rest.len()));
        frames.push(frame.to_vec());
        bytes = rest;
    }
    let all = JournalRecovery::decode(frames.clone());
    // A run that was killed earlier has left less, and nothing else.
    frames.pop();
    if let (Some(all), Some(earlier)) = (all, JournalRecovery::decode(frames)) {
        assert!(all.base == earlier.base && all.packs.starts_with(&earlier.packs));
    }
}

fn cache(mut frame: &[u8]) {
    loop {
        let before = frame;
        let Some(cached) = CachedEntry::read(&mut frame) else { return };
        assert!(before.len() > frame.len() + cached.encoded.len() + 32 * cached.reached.len());
        assert_eq!(decode_entry(&encode_entry(&cached.entry)), Ok(cached.entry));
    }
}
