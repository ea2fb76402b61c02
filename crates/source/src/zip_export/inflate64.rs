//! Data packed as Windows Explorer packs what is longer than 2 GiB: Deflate64, unpacked piece by piece (`deflate64`, without unsafe code).

use super::bytes::Stretch;
use deflate64::InflaterManaged;
use std::io;

/// A stretch of data packed that way.
pub(super) struct Unpacked64 {
    packed: Stretch,
    state: Box<InflaterManaged>,
}

impl Unpacked64 {
    pub(super) fn new(packed: Stretch) -> Self {
        Self { packed, state: Box::new(InflaterManaged::new()) }
    }

    /// The next bytes; zero at the end, `None` where the data is damaged or stops short.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let result = self.state.inflate(self.packed.peek()?, buffer);
            self.packed.take(result.bytes_consumed);
            match result.bytes_written {
                _ if self.state.errored() => return Ok(None),
                0 if self.state.finished() => return Ok(Some(0)),
                0 if result.bytes_consumed == 0 => return Ok(None),
                0 => {}
                written => return Ok(Some(written)),
            }
        }
    }
}
