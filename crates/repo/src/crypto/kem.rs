//! HPKE (RFC 9180) in PSK mode, suite 0x0020/0x0001/0x0003: seals an object's key to the reader and proves which writer did.
//! The ephemeral key comes from the object's seed, so that a machine with a repeated random state repeats nothing unless the
//! content is the same too.

use super::derive::{Secret, context, dk, dk_xof};
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{Deserializable, Kem, OpModeR, OpModeS, PskBundle, Serializable, setup_receiver, setup_sender_with_rng};
use std::convert::Infallible;
use zeroize::Zeroizing;

/// Length of the encapsulated key.
pub(crate) const ENCAPSULATED_LEN: usize = 32;
/// Length of the wrapped object key: 32 bytes and a tag.
pub(crate) const WRAPPED_LEN: usize = 48;

/// The encapsulation failed or does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KemFailed;

/// The reader's public key, as bytes.
pub(crate) type ReaderPublic = [u8; 32];

/// What binds an encapsulation to its writer and object.
pub(crate) struct Binding<'a> {
    pub(crate) psk: &'a Secret,
    /// R‖w‖le32(e)
    pub(crate) psk_id: &'a [u8],
    /// header[0..96]
    pub(crate) header: &'a [u8],
}

/// The reader's key pair.
pub(crate) fn reader_keys(seed: &Secret) -> (<X25519HkdfSha256 as Kem>::PrivateKey, ReaderPublic) {
    let (private, public) = X25519HkdfSha256::derive_keypair(&seed[..]);
    (private, public.to_bytes().into())
}

/// Wraps an object key for the reader.
pub(crate) fn wrap(
    reader: &ReaderPublic,
    binding: &Binding<'_>,
    seed: &Secret,
    object_key: &Secret,
) -> Result<([u8; ENCAPSULATED_LEN], [u8; WRAPPED_LEN]), KemFailed> {
    let public = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(reader).map_err(|_| KemFailed)?;
    let bundle = PskBundle::new(&binding.psk[..], binding.psk_id).map_err(|_| KemFailed)?;
    let mut stream = SeedStream(dk_xof(context!("hpke ephemeral"), &[&seed[..]]).finalize_xof());
    let (encapsulated, mut sender) = setup_sender_with_rng::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Psk(bundle),
        &public,
        &info(binding.header),
        &mut stream,
    )
    .map_err(|_| KemFailed)?;
    let wrapped = sender.seal(&object_key[..], binding.header).map_err(|_| KemFailed)?;
    Ok((encapsulated.to_bytes().into(), wrapped.try_into().map_err(|_| KemFailed)?))
}

/// Unwraps an object key.
pub(crate) fn unwrap(
    reader: &<X25519HkdfSha256 as Kem>::PrivateKey,
    binding: &Binding<'_>,
    encapsulated: &[u8],
    wrapped: &[u8],
) -> Result<Secret, KemFailed> {
    let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| KemFailed)?;
    let bundle = PskBundle::new(&binding.psk[..], binding.psk_id).map_err(|_| KemFailed)?;
    let mut receiver = setup_receiver::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
        &OpModeR::Psk(bundle),
        reader,
        &encapsulated,
        &info(binding.header),
    )
    .map_err(|_| KemFailed)?;
    let opened = Zeroizing::new(receiver.open(wrapped, binding.header).map_err(|_| KemFailed)?);
    Ok(Zeroizing::new(opened.as_slice().try_into().map_err(|_| KemFailed)?))
}

/// A short public name for a reader's public key, checked on every run against the one in the genesis record.
pub(crate) fn reader_fingerprint(reader: &ReaderPublic) -> [u8; 32] {
    *blake3::hash(reader).as_bytes()
}

/// The commitment to an object key: ChaCha20-Poly1305 alone lets one ciphertext open under two keys.
pub(crate) fn object_commitment(object_key: &Secret, header: &[u8]) -> Secret {
    dk(context!("object commit"), &[&object_key[..], header])
}

fn info(header: &[u8]) -> Vec<u8> {
    [context!("hpke info").as_bytes(), header].concat()
}

/// The seed's stream where HPKE wants a random generator.
struct SeedStream(blake3::OutputReader);

impl TryRng for SeedStream {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }
    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(buffer);
        Ok(())
    }
}

impl TryCryptoRng for SeedStream {}
