//! A member's content read here and there, once it has been read through: an Outlook data file says how old it is in many places, in
//! no order. Unpacking begins again from the nearest of some places where its state was kept, within bounds: what would take more
//! cannot be had.

use super::bytes::{Shared, Stretch};
use super::inflate::{Standing, Unpacked};
use std::collections::VecDeque;
use std::io;

/// Longer content is not unpacked again.
const LONGEST: u64 = 4 << 30;
/// The state of unpacking is kept at so many places at most …
const MOST_PLACES: u64 = 256;
/// … which are no nearer to each other than this.
const NEAREST: u64 = 1 << 20;
/// Unpacked bytes that are kept.
const KEPT: u64 = 32 << 20;
/// Bytes that are unpacked again in all, for one member.
const MOST_WORK: u64 = 8 << 30;

/// Where a member's packed data lies.
#[derive(Clone)]
pub(super) struct Extent {
    pub(super) bytes: Shared,
    pub(super) begins: u64,
    pub(super) end: u64,
}

impl Extent {
    /// Content that is not packed at all; fewer bytes only at the end.
    pub(super) fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = self.begins.saturating_add(position).saturating_add(filled as u64);
            let left = usize::try_from(self.end.saturating_sub(at)).unwrap_or(usize::MAX);
            let wanted = left.min(buffer.len() - filled);
            match self.bytes.read_at(at, &mut buffer[filled..filled + wanted])? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

/// Deflated content, in stretches of one length.
pub(super) struct Again {
    extent: Extent,
    size: u64,
    span: u64,
    /// How unpacking stood where each stretch begins, as far as it has come.
    standing: Vec<Standing>,
    /// The stretches that were unpacked last, and their numbers.
    kept: VecDeque<(u64, Vec<u8>)>,
    work_left: u64,
}

impl Again {
    /// Nothing where the content is too long.
    pub(super) fn of(extent: Extent, size: u64) -> Option<Self> {
        Self::within(extent, size, MOST_WORK)
    }

    fn within(extent: Extent, size: u64, work_left: u64) -> Option<Self> {
        let span = size.div_ceil(MOST_PLACES).max(NEAREST);
        let standing = vec![Standing::at_beginning(extent.begins)];
        (size <= LONGEST).then(|| Self { extent, size, span, standing, kept: VecDeque::new(), work_left })
    }

    /// Fewer bytes only at the end.
    pub(super) fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = position.saturating_add(filled as u64);
            if at >= self.size {
                break;
            }
            let inside = usize::try_from(at % self.span).unwrap_or(usize::MAX);
            let stretch = self.stretch(at / self.span)?;
            let rest = stretch.get(inside..).unwrap_or_default();
            let length = rest.len().min(buffer.len() - filled);
            buffer[filled..filled + length].copy_from_slice(&rest[..length]);
            filled += length;
        }
        Ok(filled)
    }

    fn stretch(&mut self, number: u64) -> io::Result<&[u8]> {
        let known = self.kept.iter().position(|(kept, _)| *kept == number).and_then(|at| self.kept.remove(at));
        let bytes = match known {
            Some((_, bytes)) => bytes,
            None => self.unpack(number)?,
        };
        // What was asked for last is let go of last.
        self.kept.truncate(usize::try_from(KEPT / self.span).unwrap_or(0).saturating_sub(1));
        self.kept.push_front((number, bytes));
        Ok(self.kept.front().map(|(_, bytes)| &bytes[..]).unwrap_or_default())
    }

    /// From the nearest place before it at which unpacking can begin.
    fn unpack(&mut self, number: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let first = number.min(self.standing.len() as u64 - 1);
        for number in first..=number {
            let length = self.span.min(self.size - number * self.span);
            self.work_left =
                self.work_left.checked_sub(length).ok_or_else(|| io::Error::other("it takes too long to unpack"))?;
            // At most four gibibytes in 256 parts.
            bytes.resize(usize::try_from(length).unwrap_or(0), 0);
            let standing = &self.standing[usize::try_from(number).unwrap_or(0)];
            let stretch = Stretch::new(&self.extent.bytes, standing.position, self.extent.end);
            let mut unpacked = Unpacked::from(standing, stretch);
            fill(&mut unpacked, &mut bytes)?;
            if self.standing.len() as u64 == number + 1 {
                self.standing.push(unpacked.standing());
            }
        }
        Ok(bytes)
    }
}

fn fill(unpacked: &mut Unpacked, bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        match unpacked.read(&mut bytes[filled..])? {
            None | Some(0) => return Err(io::ErrorKind::InvalidData.into()),
            Some(length) => filled += length,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Longer than what is kept, and no two places in it alike.
    fn content() -> Vec<u8> {
        (0..40u32 << 18).flat_map(|number| (number.wrapping_mul(2_654_435_761) >> 12).to_le_bytes()).collect()
    }

    fn again(content: &[u8], work: u64) -> Again {
        let packed = miniz_oxide::deflate::compress_to_vec(content, 1);
        let archive = [&[7; 100][..], &packed, &[9; 50]].concat();
        let end = 100 + packed.len() as u64;
        let extent = Extent { bytes: Arc::new(archive), begins: 100, end };
        Again::within(extent, content.len() as u64, work).unwrap()
    }

    #[test]
    fn content_is_the_same_here_and_there_as_from_front_to_back() {
        let content = content();
        let mut again = again(&content, MOST_WORK);
        let (mut place, mut buffer) = (1_u64, vec![0; 70_000]);
        for _ in 0..60 {
            place = place.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (place >> 20) as usize % content.len();
            let read = again.read_at(at as u64, &mut buffer).unwrap();
            assert_eq!(read, buffer.len().min(content.len() - at));
            assert!(buffer[..read] == content[at..at + read], "at {at}");
        }
        assert_eq!(again.read_at(content.len() as u64, &mut buffer).unwrap(), 0);
        assert_eq!(again.read_at(u64::MAX, &mut buffer).unwrap(), 0);
        assert!(again.kept.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>() <= KEPT);
        assert!(again.standing.len() as u64 <= MOST_PLACES + 1);
    }

    #[test]
    fn whoever_goes_to_and_fro_for_ever_is_stopped() {
        let content = content();
        let mut again = again(&content, 200 << 20);
        let ends = (0..).map(|number: u64| (number * 37) % 40 * NEAREST);
        let read = ends.take(1000).filter(|&at| again.read_at(at, &mut [0]).is_ok()).count();
        assert!((40..1000).contains(&read), "{read}");
        assert!(again.work_left < NEAREST);
    }

    #[test]
    fn what_is_too_long_is_not_unpacked_again() {
        let extent = || Extent { bytes: Arc::new(Vec::new()), begins: 0, end: 0 };
        assert!(Again::of(extent(), LONGEST).is_some() && Again::of(extent(), LONGEST + 1).is_none());
    }
}
