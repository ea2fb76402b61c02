//! Where files are cut: FastCDC (Xia et al., 2020) with a gear table that follows from the domain's secret, so that cut
//! points tell nothing to somebody who knows the plaintext. Cut points are part of the format: golden vectors below.

use crate::keys::DomainKeys;
use fastcdc::v2020::{Normalization, cut_gear, select_masks};

/// How files are cut: written in the signed configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkerParameters {
    /// Which chunker: 1 is this one.
    pub id: u8,
    /// No chunk is smaller, but for a file's last.
    pub min: u32,
    /// What most are near.
    pub average: u32,
    /// No chunk is larger.
    pub max: u32,
}

impl ChunkerParameters {
    /// 256 KiB, 1 MiB, 8 MiB.
    pub const DEFAULT: Self = Self { id: 1, min: 256 << 10, average: 1 << 20, max: 8 << 20 };

    /// Whether this program can cut so: known chunker, even sizes within the crate's limits, in order.
    pub fn is_supported(&self) -> bool {
        let even = [self.min, self.average, self.max].iter().all(|size| size.is_multiple_of(2));
        self.id == 1
            && even
            && (64..=1 << 20).contains(&self.min)
            && (256..=4 << 20).contains(&self.average)
            && (1024..=16 << 20).contains(&self.max)
            && self.min < self.average
            && self.average < self.max
    }

    /// How the end of a file is cut that grows there; `None` where chunks are small already.
    fn of_growing_end(&self) -> Option<Self> {
        let Self { id, min, average, max } = *self;
        let finer = Self { id, min: min / FINER, average: average / FINER, max: max / FINER };
        finer.is_supported().then_some(finer)
    }
}

/// Chunks at the end of a file that grows there are so many times smaller.
const FINER: u32 = 16;

/// Cuts a stream of bytes.
pub struct Chunker {
    parameters: ChunkerParameters,
    mask_strict: u64,
    mask_loose: u64,
    gear: Box<[u64; 256]>,
    gear_shifted: Box<[u64; 256]>,
    growing_end: Option<Box<Chunker>>,
}

impl Chunker {
    /// With the domain's secret table.
    pub fn new(parameters: ChunkerParameters, domain: &DomainKeys) -> Self {
        let finer = parameters.of_growing_end().map(|finer| Box::new(Self::without_finer(finer, domain)));
        Self { growing_end: finer, ..Self::without_finer(parameters, domain) }
    }

    fn without_finer(parameters: ChunkerParameters, domain: &DomainKeys) -> Self {
        let (mask_strict, mask_loose) = select_masks(parameters.average as usize, Normalization::Level2);
        let gear = Box::new(*domain.gear());
        let gear_shifted = Box::new(gear.map(|value| value << 1));
        Self { parameters, mask_strict, mask_loose, gear, gear_shifted, growing_end: None }
    }

    /// The most that [`Self::cut`] looks at.
    pub fn max(&self) -> usize {
        self.parameters.max as usize
    }

    /// Length of the next chunk at the front of `data`, which holds at least [`Self::max`] bytes or all that is left.
    pub fn cut(&self, data: &[u8]) -> usize {
        let ChunkerParameters { min, average, max, .. } = self.parameters;
        let (_, length) = cut_gear(
            data,
            min as usize,
            average as usize,
            max as usize,
            self.mask_strict,
            self.mask_loose,
            self.mask_strict << 1,
            self.mask_loose << 1,
            &self.gear[..],
            &self.gear_shifted[..],
        );
        length
    }

    /// Length of the next chunk of the last one that [`Self::cut`] leaves of a file that grows at its end: it is cut once more, because each
    /// time the file has grown, the last of its chunks is stored again.
    pub fn cut_growing_end(&self, rest: &[u8]) -> usize {
        match &self.growing_end {
            Some(finer) => finer.cut(rest),
            None => self.cut(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::DomainSecret;

    const SMALL: ChunkerParameters = ChunkerParameters { id: 1, min: 2 << 10, average: 8 << 10, max: 32 << 10 };

    fn noise(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().update(b"golden input").finalize_xof().fill(&mut bytes);
        bytes
    }

    fn cuts(chunker: &Chunker, mut data: &[u8]) -> Vec<usize> {
        let mut lengths = Vec::new();
        while !data.is_empty() {
            let length = chunker.cut(data);
            lengths.push(length);
            data = &data[length..];
        }
        lengths
    }

    /// Promise 4: these numbers never change. If this fails, existing repositories would stop deduplicating.
    #[test]
    fn golden_cut_points_of_the_small_parameters() {
        let chunker = Chunker::new(SMALL, &DomainSecret::new([7; 32]).keys());
        let lengths = cuts(&chunker, &noise(100_000));
        assert_eq!(lengths, GOLDEN_SMALL, "{lengths:?}");
    }
    const GOLDEN_SMALL: &[usize] = &[3943, 8415, 10737, 9562, 9417, 4249, 9407, 2772, 7893, 8417, 8460, 9669, 7059];

    #[test]
    fn golden_cut_points_of_the_default_parameters() {
        let chunker = Chunker::new(ChunkerParameters::DEFAULT, &DomainSecret::new([7; 32]).keys());
        let lengths = cuts(&chunker, &noise(8_000_001));
        assert_eq!(lengths, GOLDEN_DEFAULT, "{lengths:?}");
    }
    const GOLDEN_DEFAULT: &[usize] = &[1370975, 1666464, 1086982, 1179638, 1285282, 1322723, 87937];

    /// Promise 4, of the end of mailboxes.
    #[test]
    fn golden_cut_points_of_a_growing_end() {
        let chunker = Chunker::new(ChunkerParameters::DEFAULT, &DomainSecret::new([7; 32]).keys());
        let lengths = growing_end(&chunker, &noise(400_000));
        assert_eq!(lengths, GOLDEN_END, "{lengths:?}");
    }
    const GOLDEN_END: &[usize] = &[88520, 51525, 76636, 85088, 92462, 5769];

    fn growing_end(chunker: &Chunker, mut rest: &[u8]) -> Vec<usize> {
        let mut lengths = Vec::new();
        while !rest.is_empty() {
            lengths.push(chunker.cut_growing_end(rest));
            rest = &rest[lengths[lengths.len() - 1]..];
        }
        lengths
    }

    #[test]
    fn where_an_end_grew_only_its_last_chunk_is_cut_anew() {
        let chunker = Chunker::new(ChunkerParameters::DEFAULT, &DomainSecret::new([7; 32]).keys());
        let data = noise(600_000);
        for length in (100_000..580_000).step_by(40_000) {
            let (before, after) =
                (growing_end(&chunker, &data[..length]), growing_end(&chunker, &data[..length + 20_000]));
            let same = before.iter().zip(&after).take_while(|(before, after)| before == after);
            let same: usize = same.map(|(length, _)| length).sum();
            assert!(length - same <= before[before.len() - 1], "{} of {length} bytes cut anew", length - same);
        }
    }

    #[test]
    fn an_insertion_at_the_front_moves_few_cut_points() {
        let chunker = Chunker::new(SMALL, &DomainSecret::new([7; 32]).keys());
        let data = noise(1_000_000);
        let ends = |data: &[u8]| -> Vec<usize> {
            let total = data.len();
            let mut at = 0;
            cuts(&chunker, data)
                .iter()
                .map(|length| {
                    at += length;
                    total - at
                })
                .collect()
        };
        let before = ends(&data);
        let after = ends(&[&b"inserted"[..], &data].concat());
        let kept = before.iter().filter(|end| after.contains(end)).count();
        assert!(kept * 10 >= before.len() * 9, "{kept} of {}", before.len());
    }

    #[test]
    fn odd_or_disordered_sizes_are_not_supported() {
        assert!(ChunkerParameters::DEFAULT.is_supported() && SMALL.is_supported());
        assert!(!ChunkerParameters { min: 2049, ..SMALL }.is_supported());
        assert!(!ChunkerParameters { average: 1 << 10, ..SMALL }.is_supported());
        assert!(!ChunkerParameters { id: 2, ..SMALL }.is_supported());
    }
}
