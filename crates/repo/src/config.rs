//! The repository's configuration: signed in the genesis record, fixed for the repository's life unless a later owner record
//! says otherwise.

use crate::cbor::{CborReader, CborWriter, required};
use crate::chunk::ChunkerParameters;
use crate::error::ObjectError;
use crate::pack::{MIN_PACK_LEN, Packer, is_pack_len};

/// What every program that opens the repository must go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Length of a full pack: a power of two.
    pub pack_len: u64,
    /// How files are cut.
    pub chunker: ChunkerParameters,
    /// What a program must know to read.
    pub needed_to_read: Vec<String>,
    /// What a program must know, beyond that, to write or delete.
    pub needed_to_write: Vec<String>,
    /// What a program may ignore.
    pub may_ignore: Vec<String>,
    /// The least version of this program that will do, for people.
    pub least_version: String,
}

impl Configuration {
    /// 16 MiB packs, chunks of 1 MiB on average, no special features.
    pub fn new() -> Self {
        Self {
            pack_len: 16 << 20,
            chunker: ChunkerParameters::DEFAULT,
            needed_to_read: Vec::new(),
            needed_to_write: Vec::new(),
            may_ignore: Vec::new(),
            least_version: "0.1".to_owned(),
        }
    }

    /// Small packs and chunks, so that tests meet every boundary.
    pub fn small_for_tests() -> Self {
        let chunker = ChunkerParameters { id: 1, min: 2 << 10, average: 8 << 10, max: 32 << 10 };
        Self { pack_len: MIN_PACK_LEN, chunker, ..Self::new() }
    }

    /// Refuses what this program cannot read.
    pub fn check_readable(&self) -> Result<(), ObjectError> {
        self.refuse(self.needed_to_read.first())?;
        if is_pack_len(self.pack_len) {
            Ok(())
        } else {
            Err(ObjectError::Malformed("a pack size that no repository has"))
        }
    }

    /// Refuses what this program cannot write.
    pub fn check_writable(&self) -> Result<(), ObjectError> {
        self.check_readable()?;
        self.refuse(self.needed_to_write.first())?;
        if !self.chunker.is_supported() {
            let feature = format!("chunker {}", self.chunker.id);
            return Err(ObjectError::UnknownFeature { feature, least: self.least_version.clone() });
        }
        if u64::from(self.chunker.max) > Packer::max_stored_len(self.pack_len) {
            return Err(ObjectError::Malformed("chunks larger than a pack"));
        }
        Ok(())
    }

    /// This program knows no features yet: the first one named is one too many.
    fn refuse(&self, unknown: Option<&String>) -> Result<(), ObjectError> {
        match unknown {
            None => Ok(()),
            Some(feature) => {
                Err(ObjectError::UnknownFeature { feature: feature.clone(), least: self.least_version.clone() })
            }
        }
    }

    pub(crate) fn write(&self, out: &mut CborWriter) {
        let ChunkerParameters { id, min, average, max } = self.chunker;
        out.map(6);
        out.uint(0u8).uint(self.pack_len);
        out.uint(1u8).array(4).uint(id).uint(min).uint(average).uint(max);
        for (key, features) in [(2u8, &self.needed_to_read), (3, &self.needed_to_write), (4, &self.may_ignore)] {
            out.uint(key).array(features.len());
            for feature in features {
                out.text(feature);
            }
        }
        out.uint(5u8).text(&self.least_version);
    }

    pub(crate) fn read(reader: &mut CborReader<'_>) -> Result<Self, ObjectError> {
        let (mut pack_len, mut chunker, mut least_version) = (None, None, None);
        let (mut needed_to_read, mut needed_to_write, mut may_ignore) = (None, None, None);
        reader.map(|key, value| {
            match key {
                0 => pack_len = Some(value.uint()?),
                1 => chunker = Some(crate::record::read_chunker(value)?),
                2 => needed_to_read = Some(value.list(CborReader::text)?),
                3 => needed_to_write = Some(value.list(CborReader::text)?),
                4 => may_ignore = Some(value.list(CborReader::text)?),
                5 => least_version = Some(value.text()?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        Ok(Self {
            pack_len: required(pack_len)?,
            chunker: required(chunker)?,
            needed_to_read: required(needed_to_read)?,
            needed_to_write: required(needed_to_write)?,
            may_ignore: required(may_ignore)?,
            least_version: required(least_version)?,
        })
    }
}

impl Default for Configuration {
    fn default() -> Self {
        Self::new()
    }
}
