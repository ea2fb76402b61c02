//! Promise 7: chunks, packs, types, writers, repositories and epochs that are exchanged for one another are refused.

use crate::common::{Machine, noise};
use crate::kit;
use crate::scene::{
    assert_told, check_all, clone_machine, domain_of, master_of, name, names, owner_of, put_pack, put_record,
    second_machine, told, writer_file,
};
use bytes::Bytes;
use chest_engine::repo::compress::{Compression, Decompressor};
use chest_engine::repo::index::{Segment, open_segment, seal_segment};
use chest_engine::repo::keys::{DomainKeys, DomainSecret, MasterKey};
use chest_engine::repo::pack::{
    PackClass, PackKey, PackedChunk, PendingChunk, ReadyPack, SealedPack, chunks_start, seal_pack,
};
use chest_engine::repo::record::RecordFrame;
use chest_engine::repo::{ObjectError, Opener, Sealer};
use chest_engine::store::{AlignedBuffer, ObjectStore};
use chest_model::{Epoch, RepositoryId, WriterId};

fn master(repository: u8, epoch: u32) -> MasterKey {
    MasterKey::new([1; 32], RepositoryId([repository; 32]), Epoch(epoch))
}

fn domain() -> DomainKeys {
    DomainSecret::new([3; 32]).keys()
}

/// A pack of this writer with two chunks of one length.
fn pack(master: &MasterKey, writer: u8) -> SealedPack {
    let sealer = Sealer::new(master.writer(WriterId([writer; 16])), master.reader_public(), master.reader_public());
    let chunks = [5, 6].map(|seed| {
        let stored = noise(seed, 1_000);
        let id = domain().chunk_id(&stored);
        PendingChunk {
            row: PackedChunk { id, plain_len: 1_000, stored_len: 1_000, compression: Compression::Raw },
            stored,
        }
    });
    let ready = ReadyPack { class: PackClass::Data, size: 64 << 10, chunks: chunks.to_vec() };
    seal_pack(&sealer, &domain(), &mut Decompressor::new().unwrap(), ready, AlignedBuffer::default(), &[7; 32]).unwrap()
}

fn verify(opener: &Opener, bytes: &[u8]) -> Result<(), ObjectError> {
    let mut decompressor = Decompressor::new().unwrap();
    PackKey::from_object(opener, bytes)?.verify(bytes, &domain(), &mut decompressor).map(drop)
}

#[test]
fn two_chunks_of_one_pack_cannot_change_places() {
    let sealed = pack(&master(2, 0), 1);
    let opener = Opener::new(master(2, 0));
    verify(&opener, &sealed.bytes).unwrap();
    let start = chunks_start(2) as usize;
    let (one, other) = (start..start + 1_016, start + 1_016..start + 2_032);
    let mut swapped = sealed.bytes.to_vec();
    swapped[one.clone()].copy_from_slice(&sealed.bytes[other.clone()]);
    swapped[other].copy_from_slice(&sealed.bytes[one]);
    assert_eq!(verify(&opener, &swapped), Err(ObjectError::DoesNotOpen));
}

#[test]
fn a_chunk_of_another_pack_is_refused_in_the_same_place() {
    let opener = Opener::new(master(2, 0));
    let (mine, other) = (pack(&master(2, 0), 1), pack(&master(2, 0), 4));
    let start = chunks_start(2) as usize;
    let mut mixed = mine.bytes.to_vec();
    mixed[start..start + 1_016].copy_from_slice(&other.bytes[start..start + 1_016]);
    assert_eq!(verify(&opener, &mixed), Err(ObjectError::DoesNotOpen));
}

#[test]
fn a_pack_under_another_packs_name_is_reported_and_never_restored() {
    let machine = Machine::new();
    for file in 0..6 {
        machine.write(&format!("{file}"), &noise(file, 40_000));
    }
    machine.backup().unwrap();
    let packs = names(&machine.memory, "packs/");
    assert!(packs.len() > 3);
    for (from, to) in [(0, 1), (1, 2), (packs.len() - 1, 0)] {
        let machine = clone_machine(&machine);
        machine.memory.insert_raw(packs[to].clone(), machine.memory.get(&packs[from]).unwrap());
        let outcome = check_all(&machine).unwrap();
        assert_told(&outcome, "pack-damaged", packs[to].as_str());
        let target = tempfile::tempdir().unwrap();
        let restored = machine.restore_to(target.path()).unwrap();
        for file in 0..6 {
            let path = target.path().join(format!("documents/{file}"));
            assert!(std::fs::read(path).is_ok_and(|bytes| bytes == noise(file, 40_000)) || !restored.failed.is_empty());
        }
        assert!(!restored.failed.is_empty(), "{packs:?}");
    }
}

#[test]
fn an_object_is_never_taken_for_one_of_another_type() {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let opener = Opener::new(master_of(&machine));
    let key = &writer_file(&machine).key;
    let get = |prefix| machine.memory.get(&names(&machine.memory, prefix)[0]).unwrap();
    let (pack, index, log, owner) = (get("packs/"), get("index/"), get("log/"), get("owner/"));
    for other in [&index, &log, &owner] {
        assert!(PackKey::from_object(&opener, other).is_err());
    }
    assert_eq!(PackKey::from_object(&opener, &log).err(), Some(ObjectError::WrongType));
    for other in [&pack, &index] {
        assert_eq!(RecordFrame::parse(other.slice(..4096)).err(), Some(ObjectError::WrongType));
    }
    for other in [&pack, &log.repeat(16).into(), &owner.repeat(16).into()] {
        assert!(open_segment(key, other).is_err());
    }
    // The type is under the seal: with another number in its place the header does not open.
    for object_type in [kit::INDEX, kit::LOG_RECORD, kit::OWNER_RECORD] {
        let mut renamed = pack.to_vec();
        renamed[10] = object_type;
        assert!(PackKey::from_object(&opener, &renamed).is_err());
    }
}

#[test]
fn records_of_owner_and_writer_are_not_taken_for_each_other() {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let writer = writer_file(&machine).key.writer();
    let bytes_of = |prefix: &str| machine.memory.get(&names(&machine.memory, prefix)[0]).unwrap().to_vec();
    let (log, owner) = (bytes_of("log/"), bytes_of("owner/"));
    let misplaced = put_record(&machine.memory, "owner/", 9, log);
    let outcome = check_all(&machine).unwrap();
    assert_told(&outcome, "record-damaged", misplaced.as_str());
    machine.memory.remove_raw(&misplaced);
    let misplaced = put_record(&machine.memory, &format!("log/{writer}/"), 9, owner);
    let outcome = check_all(&machine).unwrap();
    assert_told(&outcome, "record-damaged", misplaced.as_str());
}

#[test]
fn one_writers_objects_are_refused_as_anothers() {
    let (first, second) = (pack(&master(2, 0), 1), pack(&master(2, 0), 4));
    let opener = Opener::new(master(2, 0));
    assert!(PackKey::from_index(&opener, &first.indexed).is_ok());
    let mut line = first.indexed.clone();
    line.writer = second.indexed.writer;
    assert_eq!(PackKey::from_index(&opener, &line).err(), Some(ObjectError::DoesNotOpen));
    let mut renamed = first.bytes;
    renamed[48..64].copy_from_slice(&[4; 16]);
    assert_eq!(verify(&opener, &renamed), Err(ObjectError::DoesNotOpen));

    // A record in the chain of another computer.
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let other = second_machine(&machine);
    let theirs = writer_file(&other).key.writer();
    let log = names(&machine.memory, "log/")[0].clone();
    let moved = name(log.as_str().replace(&writer_file(&machine).key.writer().to_hex(), &theirs.to_hex()));
    machine.memory.insert_raw(moved.clone(), machine.memory.get(&log).unwrap());
    let outcome = check_all(&machine).unwrap();
    assert_told(&outcome, "record-damaged", moved.as_str());
    let finding = outcome.findings.iter().find(|finding| finding.object == moved.as_str()).unwrap();
    assert!(finding.what.contains("another writer"), "{}", finding.what);
}

#[test]
fn objects_of_another_repository_or_epoch_are_refused() {
    let here = Opener::new(master(2, 0));
    let there = pack(&master(9, 0), 1);
    assert_eq!(verify(&here, &there.bytes), Err(ObjectError::OtherRepository));
    let later = pack(&master(2, 1), 1);
    assert_eq!(verify(&here, &later.bytes), Err(ObjectError::OtherEpoch { epoch: Epoch(1) }));
    // Renamed to this repository, or to this epoch, they are still not ours.
    let mut renamed = there.bytes;
    renamed[16..48].copy_from_slice(&[2; 32]);
    assert_eq!(verify(&here, &renamed), Err(ObjectError::DoesNotOpen));
    let mut renamed = later.bytes;
    renamed[12..16].copy_from_slice(&[0; 4]);
    assert_eq!(verify(&here, &renamed), Err(ObjectError::DoesNotOpen));

    let key = |repository, epoch| master(repository, epoch).writer(WriterId([1; 16]));
    let segment = |repository, epoch| {
        let sealer = Sealer::new(key(repository, epoch), [9; 32], [9; 32]);
        seal_segment(&sealer, &Segment::default(), &[7; 32]).unwrap().bytes
    };
    assert_eq!(open_segment(&key(2, 0), &segment(9, 0)), Err(ObjectError::OtherRepository));
    assert_eq!(open_segment(&key(2, 0), &segment(2, 1)), Err(ObjectError::OtherEpoch { epoch: Epoch(1) }));
}

#[test]
fn records_of_another_repository_or_epoch_are_reported() {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let owner = owner_of(&machine);
    let id = writer_file(&machine).key.writer();
    let log = machine.memory.get(&names(&machine.memory, "log/")[0]).unwrap();
    let public_len = u32::from_le_bytes(log[176..180].try_into().unwrap()) as usize;
    let public = &log[184..184 + public_len];
    for (repository, epoch, id_of_finding, sentence) in
        [([9; 32], 0, "foreign-record", "another repository"), (owner.repository, 3, "record-damaged", "key epoch 3")]
    {
        // Signed with this writer's own key, so that nothing but the check in question can refuse it.
        let honest = owner.writer(id.0);
        let writer = kit::Writer { repository, epoch, ..honest };
        let parts = kit::Parts { object_type: kit::LOG_RECORD, kind: 0, public, note: Some(b""), body: b"" };
        let bytes = kit::record(&writer, &owner.reader_public(), &honest.signing(), &parts);
        let machine = clone_machine(&machine);
        let placed = put_record(&machine.memory, &format!("log/{id}/"), 0, bytes);
        let outcome = check_all(&machine).unwrap();
        assert_told(&outcome, id_of_finding, placed.as_str());
        assert!(told(&outcome).iter().any(|line| line.contains(sentence)), "{:?}", told(&outcome));
    }
}

/// The second implementation builds what the program opens; else its forgeries would prove nothing.
#[test]
fn a_pack_that_the_second_implementation_sealed_is_accepted() {
    let machine = Machine::new();
    let (owner, id) = (owner_of(&machine), writer_file(&machine).key.writer().0);
    let plain = noise(1, 500);
    let lying = kit::LyingPack::honest(64 << 10, &domain_of(&machine), &plain, plain.clone(), 0);
    let header = kit::writers_header(&owner.writer(id), kit::PACK, 0, &[8; 32], &owner.reader_public());
    let bytes = Bytes::from(lying.seal(&header, &[8; 32]));
    put_pack(&machine.memory, bytes.to_vec());
    let key = PackKey::from_object(&Opener::new(master_of(&machine)), &bytes).unwrap();
    let domain = DomainSecret::new(domain_of(&machine)).keys();
    key.verify(&bytes, &domain, &mut Decompressor::new().unwrap()).unwrap();
}

/// One record of another repository in `owner/` must not turn a machine away that is enrolled here.
#[test]
fn a_genesis_of_another_repository_beside_ours_is_reported_and_stops_nothing() {
    let machine = Machine::new();
    machine.write("a", b"a");
    let genesis = names(&machine.memory, "owner/").pop().unwrap();
    let mut planted = machine.memory.get(&genesis).unwrap().to_vec();
    planted[16..48].copy_from_slice(&[0xaa; 32]);
    let last = |bytes: &[u8]| format!("owner/ffffffffffffffff-{}", blake3::hash(bytes).to_hex());
    let end = planted.len() - 8;
    // However late ours stands in the listing.
    let mut number = 0u64;
    while last(&planted) < genesis.to_string() {
        number += 1;
        planted[end..].copy_from_slice(&number.to_le_bytes());
    }
    put_record(&machine.memory, "owner/", 0, planted);
    machine.backup().unwrap();
}
