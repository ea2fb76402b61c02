//! Promise 15: the cost of a slot is held to its bounds before anything is allocated; a wrong passphrase, a corrupt slot and
//! an absurd one are told apart, each in an honest sentence.

use crate::common::{Machine, PASSPHRASE};
use crate::scene::{name, names};
use bytes::Bytes;
use chest_engine::repo::RepoError;
use chest_engine::repo::repository::unlock;
use chest_engine::repo::slot::{Credential, UnlockError};
use chest_engine::store::{MemoryStore, ObjectName, ObjectStore};
use zeroize::Zeroizing;

fn refusal(store: &MemoryStore, passphrase: &str) -> UnlockError {
    match unlock(store, &Credential::Passphrase(Zeroizing::new(passphrase.to_owned()))) {
        Err(RepoError::Unlock(refusal)) => refusal,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it opened"),
    }
}

fn passphrase_slot(store: &MemoryStore) -> (ObjectName, Bytes) {
    let slots = names(store, "slots/").into_iter().map(|name| (name.clone(), store.get(&name).unwrap()));
    slots.into_iter().find(|(_, bytes)| bytes[10] == 1).unwrap()
}

/// Puts a changed slot where the changed bytes belong, as somebody would who may write to the store.
fn replace(store: &MemoryStore, change: impl Fn(&mut [u8])) -> String {
    let (old, bytes) = passphrase_slot(store);
    let mut bytes = bytes.to_vec();
    change(&mut bytes);
    let id = old.as_str().split('-').next().unwrap();
    let new = format!("{id}-{}", blake3::hash(&bytes).to_hex());
    store.remove_raw(&old);
    store.insert_raw(name(new.clone()), bytes.into());
    new
}

#[test]
fn an_absurd_cost_is_refused_by_name_whatever_the_passphrase() {
    let machine = Machine::new();
    assert!(unlock(&machine.memory, &Credential::Passphrase(Zeroizing::new(PASSPHRASE.to_owned()))).is_ok());
    // Too little first: were it not refused, that would cost this test nothing.
    for (memory, passes, lanes) in [(1_024, 3, 1), (65_536, 2, 1), (65_536, 3, 5), (u32::MAX, 3, 1), (65_536, 11, 1)] {
        let named = replace(&machine.memory, |bytes| {
            bytes[96..100].copy_from_slice(&u32::to_le_bytes(memory));
            bytes[100..104].copy_from_slice(&u32::to_le_bytes(passes));
            bytes[104..108].copy_from_slice(&u32::to_le_bytes(lanes));
        });
        let expected = UnlockError::AbsurdCost { name: named, memory_kib: memory, passes, lanes };
        assert_eq!(refusal(&machine.memory, PASSPHRASE), expected);
    }
}

#[test]
fn wrong_passphrase_corrupt_slot_and_absurd_slot_have_three_sentences() {
    let machine = Machine::new();
    let wrong = refusal(&machine.memory, "seven green apples on the vicarage wall");
    assert_eq!(wrong, UnlockError::WrongPassphrase);
    let (slot, bytes) = passphrase_slot(&machine.memory);
    let mut corrupt = bytes.to_vec();
    corrupt[120] ^= 1;
    machine.memory.insert_raw(slot.clone(), corrupt.into());
    // Right or wrong, nothing can be said of the passphrase.
    for passphrase in [PASSPHRASE, "seven green apples on the vicarage wall"] {
        assert_eq!(refusal(&machine.memory, passphrase), UnlockError::DamagedSlot { name: slot.to_string() });
    }
    let corrupt = refusal(&machine.memory, PASSPHRASE);
    machine.memory.insert_raw(slot, bytes);
    replace(&machine.memory, |bytes| bytes[100..104].copy_from_slice(&u32::to_le_bytes(1)));
    let absurd = refusal(&machine.memory, PASSPHRASE);
    let sentences = [wrong, corrupt, absurd].map(|refusal| refusal.to_string());
    let expected = ["does not open this repository", "nothing can be said about", "outside what is ever used"];
    for (i, sentence) in sentences.iter().enumerate() {
        for (j, part) in expected.iter().enumerate() {
            assert_eq!(sentence.contains(part), i == j, "{sentence}");
        }
    }
}
