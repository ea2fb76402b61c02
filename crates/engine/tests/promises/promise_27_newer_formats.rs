//! Promise 27: an older program meets what a newer one wrote, and refuses each unknown with its own sentence, before any
//! cryptography and without changing anything; what may be ignored is ignored.

use crate::common::Machine;
use crate::kit::{self, cbor};
use crate::scene::{
    check_all, empty_machine, forget_seen, master_of, name, names, next_fields, owner_of, put_log, put_record, ref_of,
    told, writer_file, writer_of,
};
use chest_engine::init::{InitOptions, init};
use chest_engine::repo::config::Configuration;
use chest_engine::repo::index::open_segment;
use chest_engine::repo::pack::PackKey;
use chest_engine::repo::record::{Inventory, LogPublic, OwnerPublic, RecordFrame, SnapshotBody, WriterNote};
use chest_engine::repo::slot::{KdfCost, Slot};
use chest_engine::repo::tree::{decode_entry, encode_entry};
use chest_engine::repo::{ObjectError, Opener};
use chest_engine::store::{MemoryStore, ObjectStore};
use chest_model::{Entry, EntryKind, Metadata, TreePath};

/// Byte of the header, what a newer program may have put there, and what this one says.
const NEWER: [(usize, u8, &str); 3] = [
    (8, 2, "written by a newer Parish Chest (format 2); this is format 1; nothing was changed"),
    (9, 2, "written by a newer Parish Chest (cipher suite 2); this one knows suite 1; nothing was changed"),
    (10, 9, "written by a newer Parish Chest (object type 9); nothing was changed"),
];

fn machine() -> Machine {
    let machine = Machine::new();
    machine.write("a", b"a");
    machine.backup().unwrap();
    machine
}

/// Whoever would write to this repository hears that sentence, and nothing in the store changes. Whoever reads hears it too:
/// as an error, or, where anybody could have put the object, as a finding that names it.
fn assert_refused(machine: &Machine, sentence: &str) {
    let before = machine.memory.names();
    let error = machine.backup().unwrap_err().to_string();
    assert!(error.contains(sentence), "{error}");
    let heard = match check_all(machine) {
        Err(error) => error.to_string(),
        Ok(outcome) => told(&outcome).join("\n"),
    };
    assert!(heard.contains(sentence), "{heard}");
    assert_eq!(machine.memory.names(), before);
}

#[test]
fn a_record_of_a_newer_format_suite_or_type_stops_reader_and_writer() {
    let machine = machine();
    for prefix in ["owner/".to_owned(), format!("log/{}/", writer_file(&machine).key.writer())] {
        for (at, value, sentence) in NEWER {
            let newest = names(&machine.memory, &prefix)[0].clone();
            let mut bytes = machine.memory.get(&newest).unwrap().to_vec();
            bytes[at] = value;
            let placed = put_record(&machine.memory, &prefix, ref_of(&newest).0 + 1, bytes);
            assert_refused(&machine, sentence);
            machine.memory.remove_raw(&placed);
        }
    }
    machine.backup().unwrap();
}

/// A decision that follows all others, signed by the owner.
fn decide(machine: &Machine, kind: u8, body: Vec<u8>, more: &[(u64, Vec<u8>)]) {
    let owner = owner_of(machine);
    let head = ref_of(&names(&machine.memory, "owner/")[0]);
    let public = cbor::map(&[cbor::uint(head.0 + 1), cbor::refs(&[head]), cbor::time(1_793_534_400), body], more);
    let parts = kit::Parts { object_type: kit::OWNER_RECORD, kind, public: &public, note: None, body: b"\xa0" };
    let bytes = kit::record(&owner.writer([0; 16]), &owner.reader_public(), &owner.signing(), &parts);
    put_record(&machine.memory, "owner/", head.0 + 1, bytes);
}

#[test]
fn a_decision_of_an_unknown_kind_stops_unless_it_may_be_ignored() {
    let stopped = machine();
    decide(&stopped, 77, cbor::map(&[], &[]), &[]);
    assert_refused(&stopped, "written by a newer Parish Chest (kind 77); nothing was changed");

    let ignored = machine();
    decide(&ignored, 128, cbor::array(&[cbor::uint(7)]), &[]);
    ignored.backup().unwrap();
    assert_eq!(ignored.open().unwrap().session.owner.chain().len(), 4);
}

#[test]
fn a_run_of_an_unknown_kind_stops() {
    let machine = machine();
    let (owner, writer, fields) = (owner_of(&machine), writer_of(&machine), next_fields(&machine));
    let public = fields.encode(&[]);
    let parts = kit::Parts { object_type: kit::LOG_RECORD, kind: 77, public: &public, note: None, body: b"" };
    let bytes = kit::record(&writer, &owner.reader_public(), &writer.signing(), &parts);
    put_record(&machine.memory, &format!("log/{}/", writer_file(&machine).key.writer()), fields.seq, bytes);
    assert_refused(&machine, "written by a newer Parish Chest (kind 77); nothing was changed");
}

#[test]
fn packs_and_indexes_of_a_newer_program_are_refused_with_the_sentence() {
    let machine = machine();
    let opener = Opener::new(master_of(&machine));
    let key = writer_file(&machine).key;
    let pack = machine.memory.get(&names(&machine.memory, "packs/")[0]).unwrap();
    let index = machine.memory.get(&names(&machine.memory, "index/")[0]).unwrap();
    for (at, value, sentence) in NEWER {
        let changed = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            bytes[at] = value;
            bytes
        };
        let problems =
            [PackKey::from_object(&opener, &changed(&pack)).err(), open_segment(&key, &changed(&index)).err()];
        for problem in problems {
            assert_eq!(problem.map(|problem| problem.to_string()).as_deref(), Some(sentence));
        }
    }
    // A kind stands under the seal, so a newer program has to have made it.
    let (owner, id) = (owner_of(&machine), key.writer().0);
    let header = kit::writers_header(&owner.writer(id), kit::PACK, 5, &[8; 32], &owner.reader_public());
    assert_eq!(PackKey::from_object(&opener, &header).err(), Some(ObjectError::UnknownKind { kind: 5 }));
}

#[test]
fn slots_and_inventories_of_a_newer_format_are_told_from_damaged_ones() {
    let machine = machine();
    let slot = machine.memory.get(&names(&machine.memory, "slots/")[0]).unwrap();
    let changed = |at: usize, value| {
        let mut bytes = slot.to_vec();
        bytes[at] = value;
        Slot::decode(&bytes)
    };
    assert_eq!(changed(8, 2), Err(ObjectError::NewerFormat { format: 2 }));
    assert_eq!(changed(9, 2), Err(ObjectError::UnknownSuite { suite: 2 }));
    assert_eq!(changed(10, 2), Ok(None), "a combo slot is somebody else's way in");
    let mut inventory = Inventory(Vec::new()).encode();
    inventory[8] = 2;
    assert_eq!(Inventory::decode(&inventory).err(), Some(ObjectError::NewerFormat { format: 2 }));
}

/// A repository whose configuration a newer program wrote; `None` where this one does not even finish making it.
fn configured(configuration: Configuration) -> (Machine, Option<String>) {
    let machine = empty_machine(MemoryStore::new(), &[]);
    let made = init(&machine.context(), InitOptions { passphrase: None, cost: KdfCost::FLOOR, configuration });
    match made {
        Ok(made) => (Machine { words: made.recovery_words, ..machine }, None),
        Err(error) => (machine, Some(error.to_string())),
    }
}

#[test]
fn features_are_refused_for_reading_for_writing_or_not_at_all() {
    let least = || "3.2".to_owned();
    let small = Configuration { least_version: least(), ..Configuration::small_for_tests() };
    let feature = |name: &str| vec![name.to_owned()];
    let sentence =
        |name| format!("this repository needs a newer Parish Chest (3.2 or later, for {name}); nothing was changed");

    let (_, refused) = configured(Configuration { needed_to_read: feature("twofold"), ..small.clone() });
    assert!(refused.unwrap().contains(&sentence("twofold")));

    let (machine, _) = configured(Configuration { needed_to_write: feature("quota"), ..small.clone() });
    machine.write("a", b"a");
    let before = machine.memory.names();
    assert!(machine.backup().unwrap_err().to_string().contains(&sentence("quota")));
    assert_eq!(machine.memory.names(), before);
    machine.open().unwrap();

    let (machine, _) = configured(Configuration { may_ignore: feature("colour"), ..small.clone() });
    machine.write("a", b"a");
    machine.backup().unwrap();

    let mut chunker = small.chunker;
    chunker.id = 2;
    let (machine, _) = configured(Configuration { chunker, ..small });
    machine.write("a", b"a");
    assert!(machine.backup().unwrap_err().to_string().contains(&sentence("chunker 2")));
}

/// One more field at the end of a map with fewer than 23.
fn with_field(map: &[u8], key: u8) -> Vec<u8> {
    assert!((0xa0..0xb7).contains(&map[0]));
    [&[map[0] + 1], &map[1..], &[0x18, key, 0x00]].concat()
}

#[test]
fn unknown_fields_below_a_hundred_are_refused_and_others_ignored() {
    let machine = machine();
    let newest = |prefix| machine.memory.get(&names(&machine.memory, prefix)[0]).unwrap();
    let frame = RecordFrame::parse(newest("log/")).unwrap();
    let owner = newest("owner/");
    let decision = crate::scene::public_of(&owner);
    let note = frame.open_note(&writer_file(&machine).key).unwrap();
    let body = frame.open_body(&Opener::new(master_of(&machine))).unwrap();
    let entry = encode_entry(&Entry {
        path: TreePath::root(),
        kind: EntryKind::Directory,
        metadata: Metadata::default(),
        large_xattrs: Vec::new(),
    });
    type Decoder<'a> = Box<dyn Fn(&[u8]) -> Option<ObjectError> + 'a>;
    let decoders: [(&str, &[u8], Decoder<'_>); 5] = [
        ("run", frame.public(), Box::new(|bytes| LogPublic::decode(bytes).err())),
        ("decision", decision, Box::new(|bytes| OwnerPublic::decode(owner[11], bytes).err())),
        ("note", &note, Box::new(|bytes| WriterNote::decode(bytes).err())),
        ("body", &body, Box::new(|bytes| SnapshotBody::decode(bytes).err())),
        ("entry", &entry, Box::new(|bytes| decode_entry(bytes).err())),
    ];
    for (what, genuine, decode) in decoders {
        assert_eq!(decode(genuine), None, "{what}");
        assert_eq!(decode(&with_field(genuine, 199)), None, "{what} with a field to be ignored");
        assert_eq!(decode(&with_field(genuine, 255)), None, "{what} with a field to be ignored");
        let refused = decode(&with_field(genuine, 99)).map(|problem| problem.to_string());
        assert!(refused.is_some_and(|text| text.contains("field")), "{what}");
    }
}

#[test]
fn a_record_with_a_field_to_be_ignored_counts() {
    let machine = machine();
    let fields = next_fields(&machine);
    let log = machine.memory.get(&names(&machine.memory, "log/")[0]).unwrap();
    let frame = RecordFrame::parse(log).unwrap();
    let note = frame.open_note(&writer_file(&machine).key).unwrap();
    let body = frame.open_body(&Opener::new(master_of(&machine))).unwrap();
    put_log(&machine, fields.seq, &fields.encode(&[(100, cbor::text("from the future"))]), &note, &body);
    assert_eq!(machine.open().unwrap().session.snapshots().0.len(), 2);
    machine.backup().unwrap();
    assert_eq!(machine.open().unwrap().session.snapshots().0.len(), 3);
}
#[test]
fn a_record_with_a_field_that_must_be_understood_stops_the_writer() {
    let machine = machine();
    let fields = next_fields(&machine);
    put_log(&machine, fields.seq, &fields.encode(&[(50, cbor::uint(1))]), b"\xa0", b"\xa0");
    let before = machine.memory.names();
    let result = machine.backup();
    assert!(result.is_err() && machine.memory.names() == before, "{result:?}");
}

#[test]
fn slots_of_a_newer_format_have_their_sentence() {
    let machine = machine();
    for old in names(&machine.memory, "slots/") {
        let mut bytes = machine.remove(&old).unwrap().to_vec();
        bytes[8] = 2;
        let id = old.as_str().split('-').next().unwrap();
        machine.memory.insert_raw(name(format!("{id}-{}", blake3::hash(&bytes).to_hex())), bytes.into());
    }
    let error = machine.open().err().unwrap().to_string();
    assert!(error.contains("written by a newer Parish Chest (format 2)"), "{error}");
}

#[test]
fn a_live_index_of_a_newer_format_stops_the_writer() {
    let machine = machine();
    let mut index = machine.memory.get(&names(&machine.memory, "index/")[0]).unwrap().to_vec();
    index[8] = 2;
    let hash = *blake3::hash(&index).as_bytes();
    let id = writer_file(&machine).key.writer();
    let length = index.len() as u64;
    machine.memory.insert_raw(name(format!("index/{id}/{}", blake3::hash(&index).to_hex())), index.into());
    let fields = next_fields(&machine);
    let live = cbor::array(&[cbor::array(&[cbor::bytes(&hash), cbor::uint(length)])]);
    let note = cbor::map(&[live, cbor::array(&[]), cbor::array(&[])], &[]);
    put_log(&machine, fields.seq, &fields.encode(&[]), &note, b"\xa0");
    forget_seen(&machine);
    let before = machine.memory.names();
    let result = machine.backup();
    assert!(result.is_err() && machine.memory.names() == before, "{result:?}");
}
