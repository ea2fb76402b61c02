//! Key derivation and keyed hashing: `dk` and `kh` of docs/format.md.

use zeroize::Zeroizing;

/// 32 secret bytes, wiped when dropped.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// `dk(ctx, parts…)`: BLAKE3 in derive-key mode over the parts put together. Every part has a fixed length, so that no two
/// different lists of parts give the same bytes; `context` is always a constant.
pub(crate) fn dk(context: &'static str, parts: &[&[u8]]) -> Secret {
    Zeroizing::new(*dk_xof(context, parts).finalize().as_bytes())
}

/// The same, for more than 32 bytes of output.
pub(crate) fn dk_xof(context: &'static str, parts: &[&[u8]]) -> blake3::Hasher {
    let mut hasher = blake3::Hasher::new_derive_key(context);
    for part in parts {
        hasher.update(part);
    }
    hasher
}

/// `kh(k, m)`: BLAKE3 in keyed mode.
pub(crate) fn kh(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    *blake3::keyed_hash(key, message).as_bytes()
}

/// Names a context string: every one begins the same way.
macro_rules! context {
    ($name:literal) => {
        concat!("parish-chest 2026-11 v1 ", $name)
    };
}
pub(crate) use context;

/// Compares secrets in constant time.
pub(crate) fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    bool::from(subtle::ConstantTimeEq::ct_eq(&a[..], &b[..]))
}
