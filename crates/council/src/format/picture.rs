//! Pictures, really drawn and really encoded: photographs of the parish, typewritten pages that went through a
//! scanner, the crest. They carry noise as sensors do, for without it they would compress unlike any photograph.

use font8x8::legacy::{BASIC_LEGACY, LATIN_LEGACY};
use jpeg_encoder::{ColorType, Encoder, EncodingError, SamplingFactor};

use super::Picture;
use crate::random::Random;

const PHOTOGRAPH_QUALITY: u8 = 91;
const SCAN_QUALITY: u8 = 70;
/// How many bytes a pixel of a photograph comes to, measured; the planner sizes photographs with it.
pub(crate) const BYTES_PER_PHOTOGRAPH_PIXEL: f64 = 0.49;
/// Pages of so many pixels come to so many bytes, measured. Not in proportion: larger letters have fewer edges.
const SCAN_SIZES: [(u64, u64); 8] = [
    (0, 0),
    (400_000, 126_000),
    (800_000, 199_000),
    (1_200_000, 280_000),
    (1_600_000, 339_000),
    (2_400_000, 465_000),
    (3_200_000, 584_000),
    (6_400_000, 997_000),
];
/// The picture on a firm's paper is small.
pub(crate) const LOGO_PIXELS: u64 = 40_000;
/// A page is as wide as ninety typewritten letters of eight dots each, unless it has fewer pixels.
const DOTS_ACROSS: usize = 90 * 8;
const MARGIN_DOTS: usize = 50;
/// What fits on a typewritten line, even of the smallest pages that one would print.
pub(crate) const TYPED_LETTERS: usize = 68;
/// The crest is as large in every council.
const CREST_SIDE: usize = 150;

type Colour = [u8; 3];

/// A landscape of the parish with about so many pixels.
pub(crate) fn photograph(random: &mut Random, pixels: u64) -> Result<Picture, EncodingError> {
    let (width, height) = sides(pixels, if random.chance(75) { 4.0 / 3.0 } else { 3.0 / 4.0 });
    let mut canvas = Canvas::new(width, height);
    canvas.landscape(random);
    canvas.grain(random);
    canvas.encode(PHOTOGRAPH_QUALITY)
}

/// The council's crest: an oak on a hill, within a ring.
pub(crate) fn crest(random: &mut Random) -> Result<Picture, EncodingError> {
    let mut canvas = Canvas::new(CREST_SIDE, CREST_SIDE);
    canvas.fill([250, 249, 244]);
    let side = CREST_SIDE as i64;
    let middle = side / 2;
    canvas.disc(middle, middle, side * 48 / 100, [31, 59, 45]);
    canvas.disc(middle, middle, side * 44 / 100, [246, 240, 222]);
    canvas.disc(middle, side * 95 / 100, side * 35 / 100, [88, 124, 70]);
    canvas.rectangle(middle - 5, middle, 10, side / 4, [92, 66, 40]);
    for _ in 0..60 {
        let (x, y) = (random.between(45, 105) as i64, random.between(32, 80) as i64);
        canvas.disc(x, y, random.between(4, 10) as i64, [40 + random.below(50) as u8, 90 + random.below(60) as u8, 50]);
    }
    canvas.encode(PHOTOGRAPH_QUALITY)
}

/// About how many bytes a scanned page of so many pixels has.
pub(crate) fn scan_bytes(pixels: u64) -> u64 {
    interpolated(pixels, SCAN_SIZES)
}

/// About how many pixels a scanned page of so many bytes has.
pub(crate) fn scan_pixels(bytes: u64) -> u64 {
    interpolated(bytes, SCAN_SIZES.map(|(pixels, bytes)| (bytes, pixels)))
}

/// Between the points of the table, and on along its last line.
fn interpolated(at: u64, table: [(u64, u64); 8]) -> u64 {
    let next = table.iter().position(|point| point.0 > at).unwrap_or(table.len() - 1).max(1);
    let ((left, low), (right, high)) = (table[next - 1], table[next]);
    low + (at - left) * (high - low) / (right - left)
}

/// The picture on a firm's paper.
pub(crate) fn logo(random: &mut Random) -> Result<Picture, EncodingError> {
    photograph(random, LOGO_PIXELS)
}

/// A page as a scanner sees it: typewritten lines on paper that is not quite white, in grey, with about so many pixels.
pub(crate) fn scanned_page(random: &mut Random, lines: &[String], pixels: u64) -> Result<Picture, EncodingError> {
    let (width, height) = sides(pixels, 210.0 / 297.0);
    let mut page = Page::new(random, width, height);
    for (row, line) in lines.iter().enumerate() {
        page.type_line(line, MARGIN_DOTS, MARGIN_DOTS + row * 13);
    }
    page.sign(random);
    page.encode()
}

/// Width and height of so many pixels, in whole blocks of sixteen, never less than one of them.
fn sides(pixels: u64, ratio: f64) -> (usize, usize) {
    let width = (pixels as f64 * ratio).sqrt();
    let blocks = |side: f64| ((side / 16.0).round() as usize).clamp(1, 1000) * 16;
    (blocks(width), blocks(width / ratio))
}

/// A picture in colour, being painted.
struct Canvas {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, bytes: vec![0; width * height * 3] }
    }

    fn fill(&mut self, colour: Colour) {
        self.bytes.chunks_exact_mut(3).for_each(|pixel| pixel.copy_from_slice(&colour));
    }

    /// Part of one row, clipped to the picture.
    fn span(&mut self, y: i64, from: i64, to: i64, colour: Colour) {
        if y < 0 || y >= self.height as i64 {
            return;
        }
        let (from, to) = (from.clamp(0, self.width as i64) as usize, to.clamp(0, self.width as i64) as usize);
        let start = y as usize * self.width;
        if from < to {
            self.bytes[(start + from) * 3..(start + to) * 3]
                .chunks_exact_mut(3)
                .for_each(|p| p.copy_from_slice(&colour));
        }
    }

    fn rectangle(&mut self, x: i64, y: i64, width: i64, height: i64, colour: Colour) {
        (y..y + height).for_each(|row| self.span(row, x, x + width, colour));
    }

    fn disc(&mut self, x: i64, y: i64, radius: i64, colour: Colour) {
        for offset in -radius..=radius {
            let half = ((radius * radius - offset * offset) as f64).sqrt() as i64;
            self.span(y + offset, x - half, x + half, colour);
        }
    }

    fn landscape(&mut self, random: &mut Random) {
        let (width, height) = (self.width as i64, self.height as i64);
        let horizon = height * random.between(35, 60) as i64 / 100;
        let sky = [random.between(110, 190) as u8, random.between(150, 210) as u8, random.between(190, 250) as u8];
        let field = [random.between(60, 140) as u8, random.between(110, 170) as u8, random.between(40, 90) as u8];
        for row in 0..height {
            let shade = if row < horizon { row * 40 / horizon.max(1) } else { (row - horizon) * -50 / height.max(1) };
            let base = if row < horizon { sky } else { field };
            self.span(row, 0, width, base.map(|channel| (i64::from(channel) + shade).clamp(0, 255) as u8));
        }
        self.hills(random, horizon);
        self.houses(random, horizon);
        self.trees(random, horizon);
    }

    fn hills(&mut self, random: &mut Random, horizon: i64) {
        for _ in 0..random.between(2, 6) {
            let x = random.below(self.width as u64) as i64;
            let radius = random.between(self.width as u64 / 8, self.width as u64 / 3) as i64;
            let green = random.between(80, 140) as u8;
            self.disc(x, horizon + radius * 3 / 4, radius, [green / 2 + 20, green, green / 3 + 20]);
        }
    }

    fn houses(&mut self, random: &mut Random, horizon: i64) {
        for _ in 0..random.below(7) {
            let size = random.between(self.width as u64 / 30 + 2, self.width as u64 / 8 + 4) as i64;
            let (x, y) = (random.below(self.width as u64) as i64, horizon + random.below(size as u64) as i64);
            let stone = random.between(130, 210) as u8;
            self.rectangle(x, y, size, size * 2 / 3, [stone, stone - 18, stone - 48]);
            for row in 0..size / 3 {
                self.span(y - size / 3 + row, x + size / 2 - row * 3 / 2, x + size / 2 + row * 3 / 2, [96, 60, 52]);
            }
            self.rectangle(x + size / 5, y + size / 6, size / 7, size / 5, [52, 60, 72]);
            self.rectangle(x + size * 3 / 5, y + size / 6, size / 7, size / 5, [60, 66, 80]);
        }
    }

    fn trees(&mut self, random: &mut Random, horizon: i64) {
        for _ in 0..random.between(10, 60) {
            let depth = random.below((self.height as i64 - horizon).max(1) as u64) as i64;
            let radius = 2 + depth / 12 + random.below(self.width as u64 / 80 + 1) as i64;
            let (x, y) = (random.below(self.width as u64) as i64, horizon + depth / 2);
            let green = random.between(50, 120) as u8;
            self.rectangle(x - radius / 8, y, radius / 4 + 1, radius * 2, [70, 52, 38]);
            self.disc(x, y, radius, [green / 2, green, green / 3]);
        }
    }

    /// What a sensor adds to every pixel.
    fn grain(&mut self, random: &mut Random) {
        let strength = random.between(16, 26) as i32;
        for pair in self.bytes.chunks_mut(6) {
            let noise = random.next();
            for (index, pixel) in pair.chunks_mut(3).enumerate() {
                let bits = (noise >> (index * 32)) as i32;
                // The sum of two even draws falls off towards its ends, as real noise does.
                let light = (((bits & 31) + ((bits >> 5) & 31) - 31) * strength) >> 4;
                let tints = [(bits >> 10) & 7, (bits >> 13) & 7, (bits >> 16) & 7];
                for (channel, tint) in pixel.iter_mut().zip(tints) {
                    *channel = (i32::from(*channel) + light + tint - 4).clamp(0, 255) as u8;
                }
            }
        }
    }

    fn encode(&self, quality: u8) -> Result<Picture, EncodingError> {
        let (width, height) = (self.width as u16, self.height as u16);
        let mut jpeg = Vec::with_capacity(self.bytes.len() / 3);
        let mut encoder = Encoder::new(&mut jpeg, quality);
        encoder.set_sampling_factor(SamplingFactor::F_2_2);
        encoder.encode(&self.bytes, width, height, ColorType::Rgb)?;
        Ok(Picture { jpeg, width, height })
    }
}

/// A grey page in the scanner.
struct Page {
    width: usize,
    height: usize,
    bytes: Vec<u8>,
}

impl Page {
    fn new(random: &mut Random, width: usize, height: usize) -> Self {
        let paper = random.between(226, 240) as u8;
        let mut bytes = vec![paper; width * height];
        for grains in bytes.chunks_mut(8) {
            for (grain, noise) in grains.iter_mut().zip(random.next().to_le_bytes()) {
                *grain += noise & 15;
            }
        }
        Self { width, height, bytes }
    }

    /// Types a line whose first letter begins so many dots from the left and the top.
    fn type_line(&mut self, line: &str, left: usize, top: usize) {
        for (column, letter) in line.chars().enumerate() {
            for (row, bits) in glyph(letter).iter().enumerate() {
                for dot in (0..8).filter(|dot| bits >> dot & 1 == 1) {
                    self.ink(left + column * 8 + dot, top + row);
                }
            }
        }
    }

    /// Inks a dot, whatever number of pixels it comes to.
    fn ink(&mut self, across: usize, down: usize) {
        let pixels = |dot: usize| dot * self.width.max(DOTS_ACROSS) / DOTS_ACROSS;
        let (left, right) = (pixels(across), pixels(across + 1).min(self.width));
        let (top, bottom) = (pixels(down), pixels(down + 1).min(self.height));
        for row in top..bottom {
            for column in left..right {
                // The grain of the paper shows through the ink.
                self.bytes[row * self.width + column] -= 190;
            }
        }
    }

    /// The Chairman's signature at the foot of the page.
    fn sign(&mut self, random: &mut Random) {
        let (mut x, mut y) = (self.width as f64 * 0.55, self.height as f64 * 0.93);
        let reach = self.width as f64 / 420.0;
        for step in 0..180 {
            // Up and down strokes in turn. No sines: they differ between platforms in the last bit.
            let stroke = if step / 7 % 2 == 0 { -4.0 } else { 4.0 };
            x += reach * (0.6 + random.below(100) as f64 / 100.0);
            y += reach * stroke * random.below(100) as f64 / 100.0;
            let (column, row) = (x.max(0.0) as usize, y.max(0.0) as usize);
            if column + 2 < self.width && row + 2 < self.height {
                self.bytes[row * self.width + column] = 40;
                self.bytes[(row + 1) * self.width + column + 1] = 60;
            }
        }
    }

    fn encode(self) -> Result<Picture, EncodingError> {
        let (width, height) = (self.width as u16, self.height as u16);
        let mut jpeg = Vec::with_capacity(self.bytes.len() / 3);
        Encoder::new(&mut jpeg, SCAN_QUALITY).encode(&self.bytes, width, height, ColorType::Luma)?;
        Ok(Picture { jpeg, width, height })
    }
}

/// How a typewriter prints a letter; a dash where it has none.
fn glyph(letter: char) -> [u8; 8] {
    let code = letter as usize;
    let latin = code.checked_sub(0xa0).and_then(|place| LATIN_LEGACY.get(place));
    *BASIC_LEGACY.get(code).or(latin).unwrap_or(&BASIC_LEGACY[b'-' as usize])
}

#[cfg(test)]
mod tests {
    use zune_jpeg::JpegDecoder;
    use zune_jpeg::zune_core::bytestream::ZCursor;

    use super::*;

    fn decoded_size(picture: &Picture) -> (usize, usize) {
        let mut decoder = JpegDecoder::new(ZCursor::new(&picture.jpeg));
        decoder.decode().unwrap();
        decoder.dimensions().unwrap()
    }

    fn bytes_per_pixel(picture: &Picture) -> f64 {
        picture.jpeg.len() as f64 / (f64::from(picture.width) * f64::from(picture.height))
    }

    #[test]
    fn photographs_decode_and_are_as_incompressible_as_photographs() {
        for seed in 0..8 {
            let picture = photograph(&mut Random::of(seed, "photograph"), 200_000).unwrap();
            assert_eq!(
                decoded_size(&picture),
                (usize::from(picture.width), usize::from(picture.height)),
                "seed {seed}"
            );
            let packed = miniz_oxide::deflate::compress_to_vec(&picture.jpeg, 6);
            assert!(
                packed.len() * 100 > picture.jpeg.len() * 97,
                "seed {seed}: {} of {}",
                packed.len(),
                picture.jpeg.len()
            );
        }
    }

    #[test]
    fn the_measured_bytes_per_pixel_still_hold() {
        let photographs: f64 = (0..8)
            .map(|seed| bytes_per_pixel(&photograph(&mut Random::of(seed, "measured"), 300_000).unwrap()) / 8.0)
            .sum();
        assert!((photographs / BYTES_PER_PHOTOGRAPH_PIXEL - 1.0).abs() < 0.1, "{photographs}");
    }

    #[test]
    fn pixels_and_bytes_of_scans_are_inverse() {
        for bytes in [0, 1_000, 50_000, 240_000, 700_000, 5_000_000] {
            assert!(scan_bytes(scan_pixels(bytes)).abs_diff(bytes) <= 2, "{bytes}");
        }
    }

    #[test]
    fn even_the_smallest_picture_decodes() {
        let page = scanned_page(&mut Random::of(1, "tiny"), &["Tiny".to_owned()], 1).unwrap();
        assert_eq!(decoded_size(&page), (16, 16));
    }
}
