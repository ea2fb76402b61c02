//! Room for full packs, used again and again. To take 16 MiB from the system for each pack and to give them back, among all the
//! small things that come and go meanwhile, leaves a process with half as much again as it ever used at one time.

use bytes::Bytes;
use chest_store::AlignedBuffer;
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers that are free.
#[derive(Clone, Default)]
pub struct PackBuffers {
    free: Arc<Mutex<Vec<AlignedBuffer>>>,
}

impl PackBuffers {
    /// A buffer for a pack: one that is free, or an empty one.
    pub fn take(&self) -> AlignedBuffer {
        self.free.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// The bytes; their buffer is free again once nobody holds them.
    pub fn lend(&self, buffer: AlignedBuffer) -> Bytes {
        Bytes::from_owner(Lent { buffer, home: self.clone() })
    }
}

struct Lent {
    buffer: AlignedBuffer,
    home: PackBuffers,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.home.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_free_again_only_when_its_last_holder_has_let_go() {
        let buffers = PackBuffers::default();
        let mut buffer = buffers.take();
        buffer.set_len(1000);
        buffer.fill(7);
        let lent = buffers.lend(buffer);
        let held = lent.slice(10..20);
        drop(lent);
        assert_eq!(buffers.take().capacity(), 0);
        assert_eq!(held[..], [7; 10]);
        drop(held);
        assert!(buffers.take().capacity() >= 1000);
        assert_eq!(buffers.take().capacity(), 0);
    }
}
