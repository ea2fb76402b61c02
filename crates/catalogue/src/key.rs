//! The secret under which a catalogue is sealed, and what is derived from it.

use zeroize::Zeroizing;

/// The secret of one repository's catalogue.
#[derive(Clone)]
pub struct CatalogueKey(Zeroizing<[u8; 32]>);

impl CatalogueKey {
    /// From 32 bytes that serve nothing else.
    pub fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self(secret)
    }

    /// The key of one sealed piece, which its salt makes a key of its own.
    pub(crate) fn piece(&self, salt: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(*blake3::keyed_hash(&self.0, salt).as_bytes())
    }
}
