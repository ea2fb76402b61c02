//! How the threads of a backup help each other with a large file: one reads it, and the others compress for it.

use crate::EngineError;
use chest_model::ChunkId;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::{Mutex, MutexGuard, TryLockError};

/// Offers chunks to threads that have nothing else to do, and lends the one large buffer: one thread at a time reads a large
/// file, and the others compress for it.
pub(super) struct Handoff {
    sender: Sender<(ChunkId, Vec<u8>)>,
    /// What was offered, for whoever has nothing else to do.
    pub(super) receiver: Receiver<(ChunkId, Vec<u8>)>,
    large_buffer: Mutex<Vec<u8>>,
}

impl Handoff {
    /// The large buffer holds two chunks of the largest size, so that what is left over is moved less than once on average.
    pub(super) fn new(largest_chunk: usize) -> Self {
        let (sender, receiver) = bounded(0);
        Self { sender, receiver, large_buffer: Mutex::new(vec![0; 2 * largest_chunk]) }
    }

    /// The large buffer, once it is free; until then chunks of whoever has it are given to `help`.
    pub(super) fn large_buffer(
        &self,
        mut help: impl FnMut(ChunkId, Vec<u8>) -> Result<(), EngineError>,
    ) -> Result<MutexGuard<'_, Vec<u8>>, EngineError> {
        const PATIENCE: std::time::Duration = std::time::Duration::from_millis(2);
        loop {
            match self.large_buffer.try_lock() {
                Ok(buffer) => return Ok(buffer),
                Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {
                    if let Ok((id, plain)) = self.receiver.recv_timeout(PATIENCE) {
                        help(id, plain)?;
                    }
                }
            }
        }
    }

    /// Whether an idle thread took it. Small chunks are not worth the copy.
    pub(super) fn offer(&self, id: ChunkId, plain: &[u8]) -> bool {
        const WORTH_IT: usize = 128 << 10;
        plain.len() >= WORTH_IT && self.sender.try_send((id, plain.to_vec())).is_ok()
    }
}
