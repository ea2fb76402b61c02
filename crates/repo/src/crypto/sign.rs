//! Ed25519 with strict verification, over a context and the hash of everything before the signature.

use super::derive::{Secret, context};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};

/// Length of a signature.
pub(crate) const SIGNATURE_LEN: usize = 64;
/// The public half, as bytes.
pub(crate) type PublicKey = [u8; 32];

/// The public key of a signing seed.
pub(crate) fn public_key(seed: &Secret) -> PublicKey {
    SigningKey::from_bytes(seed).verifying_key().to_bytes()
}

/// Signs everything before the signature.
pub(crate) fn sign(seed: &Secret, before: &[u8]) -> [u8; SIGNATURE_LEN] {
    SigningKey::from_bytes(seed).sign(&message(before)).to_bytes()
}

/// Whether `signature` is the key owner's over everything before it.
pub(crate) fn verify(key: &PublicKey, before: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
    VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(&message(before), &Signature::from_bytes(signature)).is_ok())
}

fn message(before: &[u8]) -> Vec<u8> {
    [context!("log record").as_bytes(), &[0], blake3::hash(before).as_bytes()].concat()
}
