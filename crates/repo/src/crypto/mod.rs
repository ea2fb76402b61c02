//! The primitives, each behind a function of our own with our own constants. Nothing home-made: BLAKE3, ChaCha20-Poly1305,
//! HPKE, Ed25519 and Argon2id come from well-kept crates; this folder fixes how they are called (docs/format.md, "Keys").

pub(crate) mod aead;
pub(crate) mod derive;
pub(crate) mod kem;
pub(crate) mod sign;
