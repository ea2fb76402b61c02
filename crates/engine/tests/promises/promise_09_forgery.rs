//! Promise 9: to know the reader's public key is not enough to put anything into a repository, and one writer cannot write
//! in another's name.

use crate::common::{Machine, noise};
use crate::kit::{self, LyingPack, Secret};
use crate::scene::{
    assert_told, check_all, domain_of, master_of, owner_of, put_record, stolen_writer, writer_file, writer_of,
};
use chest_engine::repo::compress::Decompressor;
use chest_engine::repo::keys::DomainSecret;
use chest_engine::repo::pack::PackKey;
use chest_engine::repo::{ObjectError, Opener};
use chest_engine::store::ObjectStore;

const OBJECT_KEY: Secret = [8; 32];

/// A pack with these header parts, opened as the reader opens it.
fn open(machine: &Machine, header: [u8; 176]) -> Result<(), ObjectError> {
    let plain = noise(9, 700);
    let domain = domain_of(machine);
    let bytes = LyingPack::honest(64 << 10, &domain, &plain, plain.clone(), 0).seal(&header, &OBJECT_KEY);
    let key = PackKey::from_object(&Opener::new(master_of(machine)), &bytes)?;
    key.verify(&bytes, &DomainSecret::new(domain).keys(), &mut Decompressor::new().unwrap()).map(drop)
}

#[test]
fn a_pack_sealed_to_the_reader_without_the_writers_secret_is_refused() {
    let machine = Machine::new();
    let reader = owner_of(&machine).reader_public();
    let writer = writer_of(&machine);
    let fixed = writer.fixed(kit::PACK, 0);
    let guesses = [
        [0; 32],
        kit::dk("writer psk", &[]),
        kit::dk("writer psk", &[&[0; 32]]),
        kit::dk("writer psk", &[&writer.repository]),
        kit::dk("writer psk", &[&reader]),
    ];
    for psk in guesses {
        let forged = kit::header(fixed, &OBJECT_KEY, &reader, &psk, &writer.psk_id());
        assert_eq!(open(&machine, forged), Err(ObjectError::DoesNotOpen), "{psk:?}");
    }
    // With the writer's secret it opens, so nothing else was wrong with it.
    open(&machine, kit::header(fixed, &OBJECT_KEY, &reader, &writer.psk(), &writer.psk_id())).unwrap();
}

#[test]
fn a_writer_cannot_seal_a_pack_in_anothers_name() {
    let machine = Machine::new();
    let owner = owner_of(&machine);
    let (reader, mine) = (owner.reader_public(), stolen_writer(&machine));
    let theirs = owner.writer([0x42; 16]);
    for psk_id in [mine.psk_id(), theirs.psk_id()] {
        let forged = kit::header(theirs.fixed(kit::PACK, 0), &OBJECT_KEY, &reader, &mine.psk(), &psk_id);
        assert_eq!(open(&machine, forged), Err(ObjectError::DoesNotOpen));
    }
    // And not with a secret derived as the owner derives it, from what a writer has.
    let guess = kit::dk("writer root", &[&mine.secret, &mine.repository, &theirs.id, &0u32.to_le_bytes()]);
    let guessed = kit::Writer { secret: guess, ..theirs };
    let forged = kit::writers_header(&guessed, kit::PACK, 0, &OBJECT_KEY, &reader);
    assert_eq!(open(&machine, forged), Err(ObjectError::DoesNotOpen));
    open(&machine, kit::writers_header(&theirs, kit::PACK, 0, &OBJECT_KEY, &reader)).unwrap();
}

#[test]
fn a_writer_cannot_sign_a_record_in_the_owners_or_anothers_name() {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    let owner = owner_of(&machine);
    let (reader, mine) = (owner.reader_public(), writer_of(&machine));
    let id = writer_file(&machine).key.writer();
    let genuine = machine.memory.list("owner/").unwrap().into_iter().next().unwrap();
    let genuine = machine.memory.get(&genuine.name).unwrap();
    let public_len = u32::from_le_bytes(genuine[176..180].try_into().unwrap()) as usize;
    let public = &genuine[184..184 + public_len];
    for kind in [1, 2, 4, 10] {
        let parts = kit::Parts { object_type: kit::OWNER_RECORD, kind, public, note: None, body: b"\xa0" };
        let forged = kit::record(&mine, &reader, &mine.signing(), &parts);
        let placed = put_record(&machine.memory, "owner/", 2, forged);
        let outcome = check_all(&machine).unwrap();
        assert_told(&outcome, "record-damaged", placed.as_str());
        let finding = outcome.findings.iter().find(|finding| finding.object == placed.as_str()).unwrap();
        assert!(finding.what.contains("signature"), "{}", finding.what);
        machine.memory.remove_raw(&placed);
    }
    // A record of the writer's own chain, signed with the key of another of the same epoch.
    let log = machine.memory.list(&format!("log/{id}/")).unwrap().remove(0);
    let bytes = machine.memory.get(&log.name).unwrap();
    let mut resigned = bytes[..bytes.len() - 64].to_vec();
    kit::sign(&mut resigned, &owner.writer([0x42; 16]).signing());
    let placed = put_record(&machine.memory, &format!("log/{id}/"), 0, resigned);
    let outcome = check_all(&machine).unwrap();
    assert_told(&outcome, "record-damaged", placed.as_str());
}
