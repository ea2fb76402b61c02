//! A ZIP writer just large enough for Office files. Our own, so that the bytes depend on nothing but the seed: the
//! compressor behind the usual crates changes with the features that other crates of a build switch on.

/// Office dates every part of its files like this: 1 January 1980, midnight.
const DOS_EPOCH: [u8; 4] = [0, 0, 0x21, 0];
/// Version 2.0 of the format, which knows deflate.
const VERSION_NEEDED: u16 = 20;
const NAMES_ARE_UTF8: u16 = 1 << 11;
/// The level that Office's own files come closest to.
const COMPRESSION_LEVEL: u8 = 6;

/// An archive being written in memory.
#[derive(Default)]
pub(crate) struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    parts: u16,
}

/// How a part is kept.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    Stored,
    Deflated,
}

impl Archive {
    /// Adds a part that compresses, such as XML.
    pub fn deflate(&mut self, name: &str, content: &[u8]) {
        let packed = miniz_oxide::deflate::compress_to_vec(content, COMPRESSION_LEVEL);
        self.add(name, Method::Deflated, content, &packed);
    }

    /// Adds a part that would not become smaller, such as a photograph.
    pub fn store(&mut self, name: &str, content: &[u8]) {
        self.add(name, Method::Stored, content, content);
    }

    fn add(&mut self, name: &str, method: Method, content: &[u8], packed: &[u8]) {
        let common = common_header(name, method, content, packed);
        let offset = length(self.bytes.len());
        self.bytes.extend_from_slice(b"PK\x03\x04");
        self.bytes.extend_from_slice(&common);
        self.bytes.extend_from_slice(name.as_bytes());
        self.bytes.extend_from_slice(packed);

        self.directory.extend_from_slice(b"PK\x01\x02");
        self.directory.extend_from_slice(&VERSION_NEEDED.to_le_bytes());
        self.directory.extend_from_slice(&common);
        // No comment, the first disk, no attributes.
        self.directory.extend_from_slice(&[0; 10]);
        self.directory.extend_from_slice(&offset);
        self.directory.extend_from_slice(name.as_bytes());
        self.parts += 1;
    }

    /// The whole archive.
    pub fn finish(mut self) -> Vec<u8> {
        let offset = length(self.bytes.len());
        self.bytes.extend_from_slice(&self.directory);
        self.bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
        self.bytes.extend_from_slice(&self.parts.to_le_bytes());
        self.bytes.extend_from_slice(&self.parts.to_le_bytes());
        self.bytes.extend_from_slice(&length(self.directory.len()));
        self.bytes.extend_from_slice(&offset);
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes
    }
}

/// What the header before a part and its entry in the directory have in common.
fn common_header(name: &str, method: Method, content: &[u8], packed: &[u8]) -> Vec<u8> {
    let code: u16 = if method == Method::Deflated { 8 } else { 0 };
    let mut header = Vec::with_capacity(26);
    header.extend_from_slice(&VERSION_NEEDED.to_le_bytes());
    header.extend_from_slice(&NAMES_ARE_UTF8.to_le_bytes());
    header.extend_from_slice(&code.to_le_bytes());
    header.extend_from_slice(&DOS_EPOCH);
    header.extend_from_slice(&crc32fast::hash(content).to_le_bytes());
    header.extend_from_slice(&length(packed.len()));
    header.extend_from_slice(&length(content.len()));
    header.extend_from_slice(&(name.len() as u16).to_le_bytes());
    header.extend_from_slice(&[0, 0]);
    header
}

/// Office files of the council stay far below 4 GiB.
fn length(bytes: usize) -> [u8; 4] {
    (bytes as u32).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Read};

    use super::*;

    #[test]
    fn an_independent_reader_finds_every_part_again() {
        let prose = "Members felt that something had to be done. ".repeat(500);
        let mut archive = Archive::default();
        archive.deflate("word/document.xml", prose.as_bytes());
        archive.store("word/média.jpeg", &[1, 2, 3]);
        archive.deflate("empty", b"");

        let mut reader = zip::ZipArchive::new(Cursor::new(archive.finish())).unwrap();
        assert_eq!(reader.len(), 3);
        let mut read = |name: &str| {
            let mut bytes = Vec::new();
            reader.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        };
        assert_eq!(read("word/document.xml"), prose.as_bytes());
        assert_eq!(read("word/média.jpeg"), [1, 2, 3]);
        assert_eq!(read("empty"), b"");
    }
}
