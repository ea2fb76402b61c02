//! Packed data, unpacked piece by piece (`miniz_oxide`: no unsafe code between hostile bytes and this program's keys).

use super::bytes::Stretch;
use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};
use std::io;

/// A stretch of packed data.
pub(super) struct Unpacked {
    packed: Stretch,
    state: Box<InflateState>,
}

/// How unpacking stands: enough to go on from here another time.
pub(super) struct Standing {
    /// Where the next byte of packed data lies.
    pub(super) position: u64,
    state: Box<InflateState>,
}

impl Standing {
    pub(super) fn at_beginning(position: u64) -> Self {
        Self { position, state: InflateState::new_boxed(DataFormat::Raw) }
    }
}

impl Unpacked {
    pub(super) fn new(packed: Stretch) -> Self {
        Self { packed, state: InflateState::new_boxed(DataFormat::Raw) }
    }

    /// Goes on where unpacking stood, with packed data from that place on.
    pub(super) fn from(standing: &Standing, packed: Stretch) -> Self {
        Self { packed, state: standing.state.clone() }
    }

    pub(super) fn standing(&self) -> Standing {
        Standing { position: self.position(), state: self.state.clone() }
    }

    /// Where the next byte that was not needed lies.
    pub(super) fn position(&self) -> u64 {
        self.packed.position()
    }

    /// The next bytes; zero at the end, `None` where the data is damaged or stops short.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let result = inflate(&mut self.state, self.packed.peek()?, buffer, MZFlush::None);
            self.packed.take(result.bytes_consumed);
            match result.status {
                _ if result.bytes_written > 0 => return Ok(Some(result.bytes_written)),
                Ok(MZStatus::StreamEnd) => return Ok(Some(0)),
                Ok(_) | Err(MZError::Buf) if result.bytes_consumed > 0 => {}
                _ => return Ok(None),
            }
        }
    }
}
