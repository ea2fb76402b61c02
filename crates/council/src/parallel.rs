//! Work spread over threads whose results come back in order, so that what is written never depends on how many
//! threads there are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::error::CouncilError;

/// Makes the items `0..count` on several threads and hands each to `take`, on this thread, in order. Stops at the
/// first error.
pub(crate) fn in_order<T: Send>(
    count: usize,
    threads: usize,
    make: impl Fn(usize) -> Result<T, CouncilError> + Sync,
    mut take: impl FnMut(T) -> Result<(), CouncilError>,
) -> Result<(), CouncilError> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, results) = mpsc::sync_channel(threads * 2);
        for _ in 0..threads.clamp(1, count.max(1)) {
            let (sender, next, make) = (sender.clone(), &next, &make);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more once an error ended the work.
                    if index >= count || sender.send((index, make(index))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for (index, result) in results {
            early.insert(index, result?);
            while let Some(item) = early.remove(&due) {
                take(item)?;
                due += 1;
            }
        }
        if due == count { Ok(()) } else { Err(CouncilError::WorkerLost) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_whatever_the_number_of_threads() {
        for threads in [1, 2, 7] {
            let mut taken = Vec::new();
            let make = |index: usize| {
                std::thread::sleep(std::time::Duration::from_micros((index as u64 * 7919) % 300));
                Ok(index)
            };
            in_order(100, threads, make, |index| {
                taken.push(index);
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, (0..100).collect::<Vec<_>>(), "{threads} threads");
        }
    }

    #[test]
    fn the_first_error_ends_the_work() {
        let make = |index: usize| if index == 5 { Err(CouncilError::WorkerLost) } else { Ok(index) };
        let mut taken = 0;
        let outcome = in_order(1000, 3, make, |_| {
            taken += 1;
            Ok(())
        });
        assert!(outcome.is_err() && taken < 1000);
    }
}
