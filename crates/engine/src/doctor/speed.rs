//! How fast a store is: how long a small request takes, and how much goes through in each direction. Measured for a short
//! while, with several requests at the same time, as backups make them.

use super::scratch::in_parallel;
use super::{DoctorOptions, Examination};
use bytes::{Bytes, BytesMut};
use chest_store::StoreError;
use std::time::{Duration, Instant};

/// Small enough that a slow line ends near the time given, large enough that a fast one is filled.
pub(super) const OBJECT: usize = 1 << 20;
const SMALL_REQUESTS: usize = 15;

/// How fast a store is.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Speed {
    /// Half of the small requests took no longer.
    pub small_request: Duration,
    /// Bytes a second, to the store.
    pub up: f64,
    /// Bytes a second, from the store.
    pub down: f64,
}

pub(super) fn measure(with: Examination<'_>, options: &DoctorOptions) -> Result<Speed, StoreError> {
    let small_request = small_request(with)?;
    let most = usize::try_from(options.measured_bytes).unwrap_or(usize::MAX) / OBJECT;
    let seed = random_object(with)?;
    let put = |number: usize| {
        let mut bytes = BytesMut::from(&*seed);
        // Each another one: a store that knows equal content would seem faster than it is.
        bytes.iter_mut().step_by(4096).for_each(|byte| *byte ^= number as u8 + 1);
        with.scratch.put(&format!("speed/{number:03}"), bytes).map(drop)
    };
    let (sent, up) = rate(&(0..most).collect::<Vec<_>>(), options.measured_for, put)?;
    let get = |number: usize| with.scratch.store().get(&with.scratch.name(&format!("speed/{number:03}"))).map(drop);
    let (_, down) = rate(&sent, options.measured_for, get)?;
    Ok(Speed { small_request, up, down })
}

fn random_object(with: Examination<'_>) -> Result<Bytes, StoreError> {
    let mut bytes = BytesMut::zeroed(OBJECT);
    let filled = with.context.environment.fill_random(&mut bytes);
    filled.map_err(|error| StoreError::Io {
        doing: "making",
        name: "random bytes".to_owned(),
        source: std::io::Error::other(error),
    })?;
    Ok(bytes.freeze())
}

fn small_request(with: Examination<'_>) -> Result<Duration, StoreError> {
    let name = with.scratch.put("speed/small", "small")?;
    let mut times = Vec::with_capacity(SMALL_REQUESTS);
    for _ in 0..SMALL_REQUESTS {
        let began = Instant::now();
        with.scratch.store().get(&name)?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    Ok(times[SMALL_REQUESTS / 2])
}

/// Moves objects until the time is over; which, and bytes a second.
fn rate(
    numbers: &[usize],
    time: Duration,
    one: impl Fn(usize) -> Result<(), StoreError> + Sync,
) -> Result<(Vec<usize>, f64), StoreError> {
    let began = Instant::now();
    let moved = in_parallel(numbers.len(), |at| {
        if began.elapsed() >= time {
            return Ok(None);
        }
        one(numbers[at])?;
        Ok(Some(numbers[at]))
    })?;
    let moved: Vec<usize> = moved.into_iter().flatten().collect();
    let rate = (moved.len() * OBJECT) as f64 / began.elapsed().as_secs_f64();
    Ok((moved, rate))
}
