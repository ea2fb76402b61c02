//! Promise 23: a machine that has lost cache and state backs up an unchanged folder and adds no data and no tree chunk. Where its
//! key is lost too it says so; enrolled again, it takes up what it stored before, after every chunk of that has been proven.

use crate::common::{Machine, assert_same, folder_source, noise, request};
use crate::kit::{self, LyingPack};
use crate::scene::{
    assert_told, check_all, copy_folder, credential_of, domain_of, empty_machine, master_of, names, next_fields,
    owner_of, put_log, put_pack, state_of, stolen_writer, told, writer_file,
};
use chest_engine::EngineError;
use chest_engine::backup::{BackupOptions, BackupOutcome, backup};
use chest_engine::browse::{Selection, SnapshotSelector, select, snapshots};
use chest_engine::catalogue::{FindQuery, find};
use chest_engine::enrol::{Beginning, enrol};
use chest_engine::repo::history::{OnNewer, OwnerHistory, OwnerTrust};
use chest_engine::repo::keys::DomainId;
use chest_engine::repo::layout::Place;
use chest_engine::repo::pack::PackClass;
use chest_engine::repo::record::OwnerBody;
use chest_engine::repo::repository::append_decision;
use chest_engine::store::{ObjectName, ObjectStore};
use chest_model::{Environment, Epoch};
use std::collections::BTreeSet;

fn machine() -> Machine {
    let machine = Machine::new();
    for file in 0..40 {
        machine.write(&format!("folder {}/{file}", file % 4), &noise(file, 3_000 * file as usize));
    }
    machine.backup().unwrap();
    machine
}

fn lose_all_but_the_key(machine: &Machine) {
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    let state = state_of(machine);
    for file in std::fs::read_dir(state.path()).unwrap().map(|file| file.unwrap()) {
        if file.file_name() != "writer" {
            std::fs::remove_file(file.path()).unwrap();
        }
    }
}

#[test]
fn without_cache_and_state_an_unchanged_folder_adds_no_chunk() {
    let machine = machine();
    for _ in 0..2 {
        lose_all_but_the_key(&machine);
        let before = names(&machine.memory, "packs/");
        let again = machine.backup().unwrap();
        assert!(!again.had_cache && again.files_read == 40, "{again:?}");
        assert_eq!(again.chunks_added, 0);
        assert_eq!(names(&machine.memory, "packs/"), before);
        assert_eq!(names(&machine.memory, "index/").len(), 1);
    }
}

fn lose_everything(machine: &Machine) {
    std::fs::remove_dir_all(machine.folder.path().join("cache")).unwrap();
    std::fs::remove_dir_all(machine.folder.path().join("state")).unwrap();
}

fn assert_comes_back(machine: &Machine) {
    let to = tempfile::tempdir().unwrap();
    let empty = empty_machine(machine.memory.clone(), &machine.words);
    assert!(empty.restore_to(to.path()).unwrap().failed.is_empty());
    assert_same(&machine.source(), &to.path().join("documents"));
}

#[test]
fn a_machine_that_has_lost_its_key_says_so_is_enrolled_again_and_adds_no_chunk() {
    let machine = machine();
    let mut writers = BTreeSet::from([writer_file(&machine).key.writer()]);
    // More than once: the third takes up what the second has taken up.
    for _ in 0..2 {
        lose_everything(&machine);
        let objects = machine.memory.names().len();
        assert!(matches!(machine.backup(), Err(EngineError::NotEnrolled)));
        assert_eq!(machine.memory.names().len(), objects);
        let packs = names(&machine.memory, "packs/");
        let enrolled = enrol(&machine.context(), &credential_of(&machine), Beginning::WhereItLeftOff).unwrap();
        assert!(!enrolled.already && writers.insert(enrolled.writer));
        let inherited = enrolled.inherited.unwrap();
        assert_eq!((inherited.packs, &inherited.left_out), (packs.len() as u64, &Vec::new()));
        let again = machine.backup().unwrap();
        assert_eq!((again.files_read, again.chunks_added), (40, 0), "{again:?}");
        assert!(again.had_no_baseline, "nobody can tell what is missing since");
        assert_eq!(names(&machine.memory, "packs/"), packs);
        // What it has taken up is its own from then on: neither the index nor the log of the other is needed.
        let next = machine.backup().unwrap();
        assert_eq!((next.chunks_added, next.had_no_baseline), (0, false));
        assert_comes_back(&machine);
    }
    assert!(told(&check_all(&machine).unwrap()).is_empty());
}

#[test]
fn what_is_damaged_or_slipped_in_is_not_taken_up_and_is_sent_again() {
    let machine = machine();
    let wanted = noise(1_000, 5_000);
    let poison = poisoned_pack(&machine, &wanted);
    let mut public = next_fields(&machine);
    public.added = vec![(1, *blake3::hash(&poison).as_bytes())];
    let poison = put_pack(&machine.memory, poison);
    put_log(&machine, public.seq, &public.encode(&[]), b"", b"");
    // Of files: that of the trees holds the top of the first backup, which no other backup has, so that nothing sends it again.
    let session = machine.open().unwrap().session;
    let holds_trees = |name: &ObjectName| match Place::parse(name) {
        Some(Place::Pack(hash)) => session.describe_pack(hash).unwrap().unwrap().class == PackClass::Tree,
        _ => panic!("{name}"),
    };
    let packs = names(&machine.memory, "packs/").into_iter();
    let damaged = packs.filter(|name| *name != poison).find(|name| !holds_trees(name)).unwrap();
    let mut bytes = machine.memory.get(&damaged).unwrap().to_vec();
    bytes[40_000] ^= 1;
    machine.overwrite(&damaged, &bytes.into());

    lose_everything(&machine);
    let enrolled = enrol(&machine.context(), &credential_of(&machine), Beginning::WhereItLeftOff).unwrap();
    let left_out: BTreeSet<String> = enrolled.inherited.unwrap().left_out.into_iter().collect();
    assert_eq!(left_out, BTreeSet::from([poison.to_string(), damaged.to_string()]));
    let before = machine.folder.path().join("before");
    copy_folder(&machine.source(), &before);
    machine.write("contested", &wanted);
    assert!(machine.backup().unwrap().chunks_added > 1);
    assert_comes_back(&machine);
    // The backups of before are whole again too: what was sent again lies in a pack of this writer's, and will do for those.
    let to = machine.folder.path().join("of-before");
    let first = machine.open().unwrap().session.snapshots().0[0].record.hash.to_hex();
    let selection = Selection { selector: Some(SnapshotSelector::Id(first)), ..Selection::default() };
    assert!(machine.restore(&selection, request(&to)).unwrap().failed.is_empty());
    assert_same(&before, &to.join("documents"));
    let checked = check_all(&machine).unwrap();
    assert!(checked.damaged_files.is_empty(), "{:?}", checked.damaged_files);
    assert_told(&checked, "pack-damaged", damaged.as_str());
}

/// Sealed with a stolen writer key: other content under the id of what is wanted.
fn poisoned_pack(machine: &Machine, wanted: &[u8]) -> Vec<u8> {
    const OBJECT_KEY: [u8; 32] = [9; 32];
    let writer = stolen_writer(machine);
    let fixed = writer.fixed(kit::PACK, 0);
    let header = kit::header(fixed, &OBJECT_KEY, &owner_of(machine).reader_public(), &writer.psk(), &writer.psk_id());
    let other = noise(1_001, wanted.len());
    let mut pack = LyingPack::honest(64 << 10, &domain_of(machine), &other, other.clone(), 0);
    pack.rows[0].id = kit::chunk_id(&domain_of(machine), wanted);
    pack.seal(&header, &OBJECT_KEY)
}

#[test]
fn a_machine_of_another_name_or_one_that_begins_afresh_takes_up_nothing() {
    let machine = machine();
    let first = writer_file(&machine);
    let afresh = enrol(&machine.context(), &credential_of(&machine), Beginning::Afresh).unwrap();
    assert_eq!((afresh.already, afresh.inherited), (false, None));
    assert_ne!(writer_file(&machine).domain_id, first.domain_id);
    assert!(machine.backup().unwrap().chunks_added > 40);

    let other = empty_machine(machine.memory.clone(), &machine.words);
    other.environment.set_host_name("another");
    let enrolled = enrol(&other.context(), &credential_of(&machine), Beginning::WhereItLeftOff).unwrap();
    assert_eq!(enrolled.inherited, None);
    let domain = DomainId { founder: enrolled.writer, epoch: Epoch(0) };
    assert_eq!(writer_file(&other).domain_id, domain);
}

#[test]
fn nothing_is_taken_up_of_a_machine_that_may_no_longer_back_up() {
    let machine = machine();
    let master = master_of(&machine);
    let history = OwnerHistory::read(&machine.memory, OwnerTrust::Master(&master), OnNewer::Refuse).unwrap();
    let revoke = OwnerBody::Revoke { writer: writer_file(&machine).key.writer() };
    append_decision(&machine.memory, &master, &history, revoke, &machine.environment).unwrap();
    let enrolled = enrol(&machine.context(), &credential_of(&machine), Beginning::WhereItLeftOff).unwrap();
    assert_eq!((enrolled.already, enrolled.inherited), (false, None));
}

/// By the machine's own clock, wherever that stands.
fn back_up_now(machine: &Machine) -> BackupOutcome {
    backup(&machine.context(), &[folder_source(&machine.source())], &BackupOptions::default()).unwrap()
}

#[test]
fn whatever_the_clock_says_what_a_machine_backs_up_after_it_was_enrolled_again_is_the_newest() {
    const YEAR: i64 = 365 * 24 * 3600;
    for beginning in [Beginning::WhereItLeftOff, Beginning::Afresh] {
        let machine = machine();
        machine.write("minutes", b"of october");
        machine.environment.advance(YEAR);
        let ahead = back_up_now(&machine);
        lose_everything(&machine);
        machine.environment.advance(-YEAR);
        let clock = Some(machine.environment.now());
        let enrolled = enrol(&machine.context(), &credential_of(&machine), beginning).unwrap();
        assert_eq!(enrolled.clock_behind, clock);
        machine.write("agenda", b"of november");
        std::fs::remove_file(machine.source().join("minutes")).unwrap();
        // The clock stands still: the second of them is later than the first all the same.
        let runs = [ahead, back_up_now(&machine), back_up_now(&machine)];
        assert_eq!(runs.each_ref().map(|run| run.clock_behind), [None, clock, clock]);
        assert!(runs.is_sorted_by(|before, after| before.ended < after.ended));
        let opened = machine.open().unwrap();
        let listed: Vec<_> = snapshots(&opened).snapshots.iter().map(|one| one.id).collect();
        assert_eq!(listed[1..], runs.each_ref().map(|run| run.snapshot));
        assert_eq!(select(&opened, &Selection::default()).unwrap().record.hash, runs[2].snapshot);
        assert_comes_back(&machine);
        for (word, is_deleted) in [("minutes", true), ("agenda", false)] {
            let found = find(&machine.context(), &opened, &FindQuery::of(word)).unwrap();
            let found: Vec<_> = found.hits.iter().map(|hit| (hit.path.to_bytes(), hit.deleted)).collect();
            assert_eq!(found, [(format!("documents/{word}").into_bytes(), is_deleted)]);
        }
        assert!(told(&check_all(&machine).unwrap()).is_empty());
    }
}

#[test]
fn a_clock_that_goes_right_is_believed_by_a_machine_that_is_enrolled_again() {
    let machine = machine();
    back_up_now(&machine);
    lose_everything(&machine);
    machine.environment.advance(1);
    let enrolled = enrol(&machine.context(), &credential_of(&machine), Beginning::WhereItLeftOff).unwrap();
    let again = back_up_now(&machine);
    assert_eq!((enrolled.clock_behind, again.clock_behind), (None, None));
    assert_eq!(again.ended, machine.environment.now());
}
