//! Providers that honour the condition, ignore it, refuse it, or get it wrong.

use super::*;
use crate::doctor::answer::Reply;
use crate::place::OpenPlace;
use crate::{Context, doctor::Examination};
use chest_model::{Environment, RandomError, Silent, Timestamp};
use chest_repo::repository::TwiceStore;
use chest_store::{MemoryStore, ObjectName, ObjectStore, PutOutcome};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Honours,
    Ignores,
    Refuses,
    /// Two of those who ask at the same moment are told that they were first.
    TwoWinners,
    /// What is new is taken for what is there.
    Inverted,
    /// Says that something is there, and writes over it.
    Destroys,
}

struct OtherProvider {
    store: Arc<MemoryStore>,
    kind: Kind,
    asked: AtomicU32,
}

impl OtherProvider {
    fn is_there(&self, name: &ObjectName) -> bool {
        self.store.get(name).is_ok()
    }

    fn write_over(&self, name: &ObjectName, bytes: Bytes) {
        self.store.insert_raw(name.clone(), bytes);
    }
}

impl Provider for OtherProvider {
    fn create(&self, name: &ObjectName, bytes: Bytes) -> Result<Creation, StoreError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(match self.kind {
            Kind::Refuses => Creation::NotSupported,
            Kind::Inverted if !self.is_there(name) => Creation::AlreadyThere,
            Kind::Ignores | Kind::Inverted => {
                self.write_over(name, bytes);
                Creation::Created
            }
            Kind::Destroys if self.is_there(name) => {
                self.write_over(name, bytes);
                Creation::AlreadyThere
            }
            // The first two are asked one after another; of each race the first two are told the same.
            Kind::TwoWinners if asked >= 2 && asked % 32 < 4 => Creation::Created,
            Kind::TwoWinners if asked >= 2 => Creation::AlreadyThere,
            // The store keeps what is there first; who wrote it shows who was first.
            _ => {
                assert_eq!(self.store.put(name, bytes.clone())?, PutOutcome::Done);
                if self.store.get(name)? == bytes { Creation::Created } else { Creation::AlreadyThere }
            }
        })
    }

    fn overwrite(&self, name: &ObjectName, bytes: Bytes) -> Result<(), StoreError> {
        self.write_over(name, bytes);
        Ok(())
    }

    fn delete(&self, _: &ObjectName) -> Result<(), StoreError> {
        Err(StoreError::Refused("not asked here".to_owned()))
    }

    fn refuses_wrong_checksum(&self, _: &ObjectName, _: Bytes) -> Result<bool, StoreError> {
        Ok(true)
    }

    fn clock(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
}

struct Nowhere;

impl Environment for Nowhere {
    fn now(&self) -> Timestamp {
        Timestamp::default()
    }
    fn running(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), RandomError> {
        buffer.fill(7);
        Ok(())
    }
    fn host_name(&self) -> String {
        String::new()
    }
}

fn asked(kind: Kind) -> Answer {
    let store = Arc::new(MemoryStore::new());
    let provider = Arc::new(OtherProvider { store: store.clone(), kind, asked: AtomicU32::new(0) });
    let place = OpenPlace::new(store, Some(provider));
    let context = Context {
        store: TwiceStore::over(place.store.clone()),
        environment: &Nowhere,
        monitor: &Silent,
        state_dir: "/nonexistent".into(),
        cache_dir: "/nonexistent".into(),
    };
    let scratch = Scratch::new(&*context.store, &Nowhere).unwrap();
    let examination = Examination { context: &context, provider: place.provider(), scratch: &scratch };
    conditional_create(examination, &DoctorOptions::BUCKET).unwrap().unwrap()
}

#[test]
fn every_kind_of_provider_is_told_from_the_others() {
    for (kind, reply, fitness, seen) in [
        (Kind::Honours, Reply::Yes, Fitness::Fit, ""),
        (Kind::Ignores, Reply::No, Fitness::Fit, "ignored"),
        (Kind::Refuses, Reply::No, Fitness::Fit, "refused altogether"),
        (Kind::TwoWinners, Reply::No, Fitness::Fit, "were told they were first"),
        (Kind::Inverted, Reply::No, Fitness::Unfit, "a new name was refused"),
        (Kind::Destroys, Reply::No, Fitness::Unfit, "was carried out all the same"),
    ] {
        let answer = asked(kind);
        assert_eq!((answer.reply, answer.fitness), (reply, fitness), "{kind:?}: {answer:?}");
        assert!(answer.seen.contains(seen), "{kind:?}: {answer:?}");
    }
}
