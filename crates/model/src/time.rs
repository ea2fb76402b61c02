//! Points in time: seconds since 1970 in UTC, and nanoseconds.

/// A point in time. Ordered; nanoseconds are always below 10⁹, also before 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub seconds: i64,
    /// Nanoseconds after them.
    pub nanoseconds: u32,
}

impl Timestamp {
    /// From seconds and nanoseconds; nanoseconds beyond a second are cut off.
    pub fn new(seconds: i64, nanoseconds: u32) -> Self {
        Self { seconds, nanoseconds: nanoseconds.min(999_999_999) }
    }

    /// The next point in time there is; itself at the end of all times.
    pub fn just_after(self) -> Self {
        match self.nanoseconds {
            999_999_999 => self.seconds.checked_add(1).map_or(self, |seconds| Self { seconds, nanoseconds: 0 }),
            nanoseconds => Self { nanoseconds: nanoseconds + 1, ..self },
        }
    }

    /// Seconds from `earlier` to `self`; negative if `self` comes first.
    pub fn seconds_since(&self, earlier: Self) -> f64 {
        (self.seconds - earlier.seconds) as f64 + (f64::from(self.nanoseconds) - f64::from(earlier.nanoseconds)) / 1e9
    }
}

impl From<std::time::SystemTime> for Timestamp {
    fn from(time: std::time::SystemTime) -> Self {
        match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => Self::new(i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
            Err(before) => {
                let before = before.duration();
                let seconds = -i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                match before.subsec_nanos() {
                    0 => Self::new(seconds, 0),
                    nanoseconds => Self::new(seconds - 1, 1_000_000_000 - nanoseconds),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_point_in_time_just_after_every_other() {
        for (time, after) in [((7, 0), (7, 1)), ((7, 999_999_999), (8, 0)), ((-1, 999_999_999), (0, 0))] {
            assert_eq!(Timestamp::new(time.0, time.1).just_after(), Timestamp::new(after.0, after.1));
        }
        let last = Timestamp::new(i64::MAX, 999_999_999);
        assert_eq!(last.just_after(), last);
    }
}
