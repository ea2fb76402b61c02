//! One function for each promise. Each works below a prefix of its own, so that one broken promise does not spoil the
//! judgement of the next.

use super::probe::{Deletion, Probe, Trial};
use super::{Broken, Extent, Promise};
use crate::{ObjectName, StoreError};
use std::collections::HashSet;

type Kept = Result<(), Broken>;
type Attempt<'a> = &'a dyn Fn(Trial<'_>) -> Kept;

const THREADS: usize = 8;
const OBJECTS_PER_THREAD: usize = 4;

pub(super) fn try_all(probe: &Probe<'_>, extent: Extent) -> Vec<Broken> {
    let list = |trial: Trial<'_>| complete_sorted_list(trial, extent.listed_objects);
    let large = |trial: Trial<'_>| large_object(trial, extent.large_object);
    let trials: [(Promise, Attempt<'_>); 13] = [
        (Promise::PutIsVisible, &put_is_visible),
        (Promise::SecondPutKeepsTheFirst, &second_put_keeps_the_first),
        (Promise::PlainPrefix, &plain_prefix),
        (Promise::CompleteSortedList, &list),
        (Promise::ExactRange, &exact_range),
        (Promise::RangePastTheEnd, &range_past_the_end),
        (Promise::EmptyObject, &empty_object),
        (Promise::LargeObject, &large),
        (Promise::MissingObject, &missing_object),
        (Promise::Deletion, &deletion),
        (Promise::SecondDeletion, &second_deletion),
        (Promise::OneVersion, &one_version),
        (Promise::ParallelUse, &parallel_use),
    ];
    let mut broken = Vec::new();
    for (promise, attempt) in trials {
        broken.extend(attempt(probe.trial(promise)).err());
        if probe.is_disturbed() {
            break;
        }
    }
    broken
}

pub(super) fn empty_list(probe: &Probe<'_>) -> Kept {
    let trial = probe.trial(Promise::EmptyList);
    let listed = trial.list("")?;
    trial.expect(listed.is_empty(), || match listed.first() {
        Some((name, _)) => format!("{} objects are listed where nothing was put, such as {name}", listed.len()),
        None => String::new(),
    })
}

fn put_is_visible(trial: Trial<'_>) -> Kept {
    for number in 0..5 {
        let name = trial.name(&format!("object-{number}"))?;
        let bytes = sample(number, 1000 + number);
        trial.put(&name, bytes.clone())?;
        trial.expect_bytes(&name, &bytes)?;
        let listed = trial.list("")?;
        trial.expect(listed.contains(&(format!("object-{number}"), bytes.len() as u64)), || {
            format!("{name} was put and is not listed with its {} bytes", bytes.len())
        })?;
    }
    Ok(())
}

fn second_put_keeps_the_first(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    let first = sample(1, 500);
    trial.put(&name, first.clone())?;
    trial.put(&name, first.clone())?;
    trial.expect_bytes(&name, &first)?;
    trial.expect_names("", &["object"])
}

/// No program of ours puts other bytes under a name; but a store that takes them would let a damaged upload replace a good
/// object.
pub(super) fn keeps_the_first(probe: &Probe<'_>) -> bool {
    let trial = probe.trial(Promise::SecondPutKeepsTheFirst);
    let attempt = || -> Kept {
        let name = trial.name("other-bytes")?;
        let first = sample(1, 500);
        trial.put(&name, first.clone())?;
        // Refused or taken: what counts is what lies there then.
        let _ = trial.try_put(&name, sample(2, 300));
        trial.expect_bytes(&name, &first)
    };
    attempt().is_ok()
}

fn plain_prefix(trial: Trial<'_>) -> Kept {
    for rest in ["ab", "abc", "ab-/x", "abd/x", "abd/y/z", "b"] {
        trial.put(&trial.name(rest)?, "x")?;
    }
    trial.expect_names("ab", &["ab", "ab-/x", "abc", "abd/x", "abd/y/z"])?;
    trial.expect_names("abc", &["abc"])?;
    trial.expect_names("abd", &["abd/x", "abd/y/z"])?;
    trial.expect_names("abd/", &["abd/x", "abd/y/z"])?;
    trial.expect_names("abd/y", &["abd/y/z"])?;
    trial.expect_names("c", &[])?;
    trial.expect_names("ab/", &[])
}

fn complete_sorted_list(trial: Trial<'_>, objects: usize) -> Kept {
    let mut expected = Vec::new();
    // Backwards and spread over folders: no store shows them in order by chance.
    for number in (0..objects).rev() {
        let rest = format!("{}/{number:06}", number % 7);
        trial.put(&trial.name(&rest)?, sample(number, number % 10))?;
        expected.push((rest, (number % 10) as u64));
    }
    expected.sort();
    let listed = trial.list("")?;
    let shown: HashSet<_> = listed.iter().collect();
    if let Some(missing) = expected.iter().find(|line| !shown.contains(line)) {
        return Err(trial.broken(format!("{} of {} bytes is not listed", missing.0, missing.1)));
    }
    trial
        .expect(listed.len() == expected.len(), || format!("{} lines for {} objects", listed.len(), expected.len()))?;
    trial.expect(listed.is_sorted(), || "the list is not in ascending order of names".to_owned())
}

fn exact_range(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    let bytes = sample(3, 5000);
    trial.put(&name, bytes.clone())?;
    for range in [0..1, 4999..5000, 0..5000, 1..4999, 1024..2048, 0..0, 5000..5000] {
        let doing = format!("get bytes {range:?} of");
        let found = trial.done(&doing, &name, trial.store().get_range(&name, range.clone()))?;
        trial.expect_equal(&doing, &found, &bytes[range.start as usize..range.end as usize])?;
    }
    Ok(())
}

fn range_past_the_end(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    trial.put(&name, sample(4, 100))?;
    for range in [0..101, 99..101, 100..101, 101..102, 200..u64::MAX] {
        match trial.store().get_range(&name, range.clone()) {
            Err(StoreError::RangeOutside { .. }) => {}
            Err(error) => return Err(trial.failed(format!("bytes {range:?} of 100"), error)),
            Ok(bytes) => return Err(trial.broken(format!("bytes {range:?} of 100: answered with {}", bytes.len()))),
        }
    }
    Ok(())
}

fn empty_object(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    trial.put(&name, "")?;
    trial.expect_bytes(&name, &[])?;
    let listed = trial.list("")?;
    trial.expect(listed == [("object".to_owned(), 0)], || format!("an empty object is listed as {listed:?}"))
}

fn large_object(trial: Trial<'_>, length: usize) -> Kept {
    let name = trial.name("object")?;
    let bytes = sample(5, length);
    trial.put(&name, bytes.clone())?;
    trial.expect_bytes(&name, &bytes)?;
    let listed = trial.list("")?;
    trial.expect(listed == [("object".to_owned(), length as u64)], || format!("it is listed as {listed:?}"))
}

fn missing_object(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    trial.expect_not_found(&format!("get {name}"), trial.store().get(&name))?;
    trial.expect_not_found(&format!("get a range of {name}"), trial.store().get_range(&name, 0..1))?;
    let versions = trial.done("versions of", &name, trial.store().versions(&name))?;
    trial.expect(versions.is_empty(), || format!("{name} has {} versions and was never put", versions.len()))
}

fn deletion(trial: Trial<'_>) -> Kept {
    let (gone, kept) = (trial.name("gone")?, trial.name("kept")?);
    for name in [&gone, &kept] {
        trial.put(name, "x")?;
    }
    if trial.delete(&gone)? == Deletion::Refused {
        return trial.expect_bytes(&gone, b"x");
    }
    trial.expect_not_found(&format!("get {gone}, which was deleted,"), trial.store().get(&gone))?;
    trial.expect_names("", &["kept"])?;
    trial.expect_bytes(&kept, b"x")
}

fn second_deletion(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    trial.put(&name, "x")?;
    let versions = trial.done("versions of", &name, trial.store().versions(&name))?;
    if trial.delete(&name)? == Deletion::Refused {
        return Ok(());
    }
    for version in &versions {
        trial.done("delete", &name, trial.store().delete_version(&name, &version.id))?;
    }
    Ok(())
}

fn one_version(trial: Trial<'_>) -> Kept {
    let name = trial.name("object")?;
    let bytes = sample(6, 200);
    trial.put(&name, bytes.clone())?;
    let versions = trial.done("versions of", &name, trial.store().versions(&name))?;
    let [version] = versions.as_slice() else {
        return Err(trial.broken(format!("{name} was put once and has {} versions", versions.len())));
    };
    trial.expect(version.size == 200 && !version.is_delete_marker, || format!("the version is {version:?}"))?;
    let found = trial.done("get the version of", &name, trial.store().get_version(&name, &version.id))?;
    trial.expect_equal("get the version", &found, &bytes)
}

fn parallel_use(trial: Trial<'_>) -> Kept {
    let shared = trial.name("shared")?;
    let answers: Vec<Kept> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                scope.spawn({
                    let shared = &shared;
                    move || one_thread(trial, thread, shared)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|_| Err(trial.broken("a thread panicked".to_owned()))))
            .collect()
    });
    answers.into_iter().collect::<Kept>()?;
    let listed = trial.list("")?.len();
    trial.expect(listed == THREADS * OBJECTS_PER_THREAD + 1, || {
        format!("{listed} objects are listed after {} were put at once", THREADS * OBJECTS_PER_THREAD + 1)
    })
}

fn one_thread(trial: Trial<'_>, thread: usize, shared: &ObjectName) -> Kept {
    let common = sample(7, 3000);
    trial.put(shared, common.clone())?;
    for number in 0..OBJECTS_PER_THREAD {
        let name = trial.name(&format!("{thread}/{number}"))?;
        let bytes = sample(thread * 100 + number, 20_000 + number);
        trial.put(&name, bytes.clone())?;
        trial.expect_bytes(&name, &bytes)?;
        trial.expect_bytes(shared, &common)?;
    }
    Ok(())
}

/// Bytes that differ from number to number and do not repeat with any power of two.
fn sample(number: usize, length: usize) -> Vec<u8> {
    (0..length).map(|at| ((at * 31 + number * 17 + at / 251) % 253) as u8).collect()
}
