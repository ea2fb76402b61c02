//! Several requests at a time, where waiting for one after another would only wait for the line.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Does the work for every item, at most so many at a time; results in the order of the items.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], at_once: usize, work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = at_once.min(items.len());
    if threads <= 1 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(number) else { return };
                    let result = work(item);
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((number, result));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Does both, side by side where more than one request at a time pays; in turn otherwise, so that what is asked of a near
/// store comes in one order only.
pub(crate) fn both<A: Send, B>(at_once: usize, one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B) -> (A, B) {
    if at_once <= 1 {
        return (one(), other());
    }
    std::thread::scope(|scope| {
        let one = scope.spawn(one);
        let other = other();
        (one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u64> = (0..100).collect();
        let doubled: Vec<u64> = items.iter().map(|item| item * 2).collect();
        for at_once in [0, 1, 3, 200] {
            assert_eq!(map(&items, at_once, |item| item * 2), doubled);
        }
    }

    #[test]
    fn two_things_are_done_in_turn_or_side_by_side() {
        let order = Mutex::new(Vec::new());
        let note = |what| order.lock().unwrap().push(what);
        both(1, || note("one"), || note("other"));
        assert_eq!(*order.lock().unwrap(), ["one", "other"]);
        let (ask, answer) = std::sync::mpsc::channel();
        let heard = both(2, move || answer.recv().unwrap(), || ask.send("side by side").unwrap());
        assert_eq!(heard.0, "side by side");
    }

    #[test]
    fn waiting_is_shared() {
        let begun = Instant::now();
        map(&[(); 8], 8, |()| std::thread::sleep(Duration::from_millis(100)));
        assert!(begun.elapsed() < Duration::from_millis(700), "eight waits one after another take 800 ms");
    }
}
