//! Slots: the master key, wrapped for one way in (docs/format.md, "Slots"). 256 bytes each.

use crate::crypto::derive::{Secret, context, dk, same};
use crate::error::ObjectError;
use crate::header::{array, le32};
use crate::keys::MasterKey;
use crate::words::{RecoverySecret, TypedWords, WordsError};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chest_model::{Epoch, RepositoryId, SlotId};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Length of a slot object.
pub const SLOT_LEN: usize = 256;
const MAGIC: &[u8; 8] = b"CHESTSLT";
const FORMAT: u8 = 1;
const SUITE: u8 = 1;
/// What wrap key and commitment are bound to.
const HEAD_LEN: usize = 112;
const COMMITMENT_END: usize = HEAD_LEN + 32;
const WRAPPED_END: usize = COMMITMENT_END + 48;
/// The key wraps one thing only, so associated data and nonce are constants; the head is bound through the wrap key.
const ASSOCIATED_DATA: &[u8] = b"slot header v1";

/// What opens a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SlotKind {
    /// A passphrase, through Argon2id.
    Passphrase = 1,
    /// The 24 words of the recovery sheet.
    Recovery = 3,
}

/// The cost of deriving a key from a passphrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KdfCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl KdfCost {
    /// 256 MiB, three passes, one lane.
    pub const DEFAULT: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 1 };
    /// The least that is ever accepted.
    pub const FLOOR: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// The most that is ever accepted: a hostile slot must not make us allocate more.
    pub const CEILING: Self = Self { memory_kib: 2 * 1024 * 1024, passes: 10, lanes: 4 };

    /// Whether it lies between floor and ceiling; asked before anything is allocated.
    pub fn is_acceptable(&self) -> bool {
        let within = |value: u32, low: u32, high: u32| (low..=high).contains(&value);
        within(self.memory_kib, Self::FLOOR.memory_kib, Self::CEILING.memory_kib)
            && within(self.passes, Self::FLOOR.passes, Self::CEILING.passes)
            && within(self.lanes, Self::FLOOR.lanes, Self::CEILING.lanes)
    }
}

/// Why no slot opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// The slots are intact and none belongs to this passphrase.
    #[error("that passphrase does not open this repository")]
    WrongPassphrase,
    /// The words are not the right ones.
    #[error(transparent)]
    WrongWords(#[from] WordsError),
    /// A slot is damaged, so that nobody can tell whether the secret was right.
    #[error("the key slot {name} is damaged: nothing can be said about the secret you gave")]
    DamagedSlot {
        /// Its name in the store.
        name: String,
    },
    /// No slot of that kind is there.
    #[error("this repository has no slot for {0}")]
    NoSuchSlot(&'static str),
    /// The slot asks for an absurd amount of memory or time, or too little of it.
    #[error(
        "the key slot {name} asks for {memory_kib} KiB, {passes} passes, {lanes} lanes, outside what is ever used: it is damaged or hostile"
    )]
    AbsurdCost {
        /// Its name in the store.
        name: String,
        /// Memory.
        memory_kib: u32,
        /// Passes.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// There was not enough memory to derive the key.
    #[error("deriving the key needs {memory_kib} KiB of memory, which this computer did not give")]
    NotEnoughMemory {
        /// How much.
        memory_kib: u32,
    },
}

/// A secret that somebody gave to get in.
pub enum Credential {
    /// A passphrase, as typed.
    Passphrase(Zeroizing<String>),
    /// The words of the recovery sheet, as typed.
    Words(TypedWords),
}

/// The key-encryption key of one slot.
struct Kek(Secret);

/// A slot's public front, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    bytes: [u8; SLOT_LEN],
    kind: SlotKind,
    cost: KdfCost,
}

impl Slot {
    /// Wraps the master key for a passphrase. `id` and `salt` are fresh random bytes.
    pub fn for_passphrase(
        master: &MasterKey,
        passphrase: &str,
        cost: KdfCost,
        id: SlotId,
        salt: [u8; 32],
    ) -> Result<Self, UnlockError> {
        let kek = passphrase_kek(passphrase, &salt, cost)?;
        Ok(Self::wrap(master, SlotKind::Passphrase, cost, id, salt, &kek))
    }

    /// Wraps the master key for the recovery words. `id` and `salt` are fresh random bytes.
    pub fn for_recovery(master: &MasterKey, secret: &RecoverySecret, id: SlotId, salt: [u8; 32]) -> Self {
        let none = KdfCost { memory_kib: 0, passes: 0, lanes: 0 };
        Self::wrap(master, SlotKind::Recovery, none, id, salt, &recovery_kek(&secret.0, &salt))
    }

    fn wrap(master: &MasterKey, kind: SlotKind, cost: KdfCost, id: SlotId, salt: [u8; 32], kek: &Kek) -> Self {
        let mut bytes = [0; SLOT_LEN];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&[FORMAT, SUITE, kind as u8, 0]);
        bytes[12..16].copy_from_slice(&master.epoch().0.to_le_bytes());
        bytes[16..48].copy_from_slice(&master.repository().0);
        bytes[48..64].copy_from_slice(&id.0);
        bytes[64..96].copy_from_slice(&salt);
        bytes[96..100].copy_from_slice(&cost.memory_kib.to_le_bytes());
        bytes[100..104].copy_from_slice(&cost.passes.to_le_bytes());
        bytes[104..108].copy_from_slice(&cost.lanes.to_le_bytes());
        let commitment = commitment(kek, &bytes[..HEAD_LEN]);
        bytes[HEAD_LEN..COMMITMENT_END].copy_from_slice(&commitment[..]);
        let wrap_key = wrap_key(kek, &bytes[..HEAD_LEN]);
        // Encrypting 32 bytes cannot fail.
        #[allow(clippy::expect_used)]
        let wrapped = ChaCha20Poly1305::new((&*wrap_key).into())
            .encrypt(&[0; 12].into(), Payload { msg: &master.secret()[..], aad: ASSOCIATED_DATA })
            .expect("32 bytes");
        bytes[COMMITMENT_END..WRAPPED_END].copy_from_slice(&wrapped);
        Self { bytes, kind, cost }
    }

    /// Reads a slot object. `None` for a kind that this program does not know: somebody else's way in.
    pub fn decode(bytes: &[u8]) -> Result<Option<Self>, ObjectError> {
        let bytes: [u8; SLOT_LEN] =
            bytes.try_into().map_err(|_| ObjectError::BadLength { length: bytes.len() as u64 })?;
        if &bytes[..8] != MAGIC {
            return Err(ObjectError::NotOurs);
        }
        if bytes[8] != FORMAT {
            return Err(ObjectError::NewerFormat { format: bytes[8] });
        }
        if bytes[9] != SUITE {
            return Err(ObjectError::UnknownSuite { suite: bytes[9] });
        }
        let kind = match bytes[10] {
            1 => SlotKind::Passphrase,
            3 => SlotKind::Recovery,
            _ => return Ok(None),
        };
        if bytes[11] != 0 || bytes[108..HEAD_LEN].iter().chain(&bytes[WRAPPED_END..]).any(|&byte| byte != 0) {
            return Err(ObjectError::Malformed("reserved bytes are not zero"));
        }
        let cost = KdfCost {
            memory_kib: le32(&bytes[96..100]),
            passes: le32(&bytes[100..104]),
            lanes: le32(&bytes[104..108]),
        };
        Ok(Some(Self { bytes, kind, cost }))
    }

    /// The object to store.
    pub fn bytes(&self) -> &[u8; SLOT_LEN] {
        &self.bytes
    }

    /// What opens it.
    pub fn kind(&self) -> SlotKind {
        self.kind
    }

    /// Its id.
    pub fn id(&self) -> SlotId {
        SlotId(array(&self.bytes[48..64]))
    }

    /// The repository it says it belongs to.
    pub fn repository(&self) -> RepositoryId {
        RepositoryId(array(&self.bytes[16..48]))
    }

    /// The epoch whose master key it holds.
    pub fn epoch(&self) -> Epoch {
        Epoch(le32(&self.bytes[12..16]))
    }

    fn salt(&self) -> [u8; 32] {
        array(&self.bytes[64..96])
    }

    /// Opens it with a passphrase; `Ok(None)` if the passphrase is not this slot's. `name` is for messages.
    pub fn open_with_passphrase(&self, passphrase: &str, name: &str) -> Result<Option<MasterKey>, UnlockError> {
        if !self.cost.is_acceptable() {
            let KdfCost { memory_kib, passes, lanes } = self.cost;
            return Err(UnlockError::AbsurdCost { name: name.to_owned(), memory_kib, passes, lanes });
        }
        let kek = passphrase_kek(passphrase, &self.salt(), self.cost)?;
        self.open(&kek, name)
    }

    /// Opens it with words, naming the wrong one where just one is wrong.
    pub fn open_with_words(&self, words: &TypedWords, name: &str) -> Result<MasterKey, UnlockError> {
        let salt = self.salt();
        let fits = |secret: &[u8; 32]| self.commits_to(&recovery_kek(secret, &salt));
        let secret = words.resolve(fits)?;
        self.open(&recovery_kek(&secret.0, &salt), name)?.ok_or(UnlockError::WrongWords(WordsError::Wrong))
    }

    fn commits_to(&self, kek: &Kek) -> bool {
        same(&commitment(kek, &self.bytes[..HEAD_LEN]), &array(&self.bytes[HEAD_LEN..COMMITMENT_END]))
    }

    fn open(&self, kek: &Kek, name: &str) -> Result<Option<MasterKey>, UnlockError> {
        let expected = commitment(kek, &self.bytes[..HEAD_LEN]);
        let Some(secret) = self.unwrap_committed(&wrap_key(kek, &self.bytes[..HEAD_LEN]), &expected) else {
            return if self.commits_to(kek) {
                // The right key, and still it does not open.
                Err(UnlockError::DamagedSlot { name: name.to_owned() })
            } else {
                Ok(None)
            };
        };
        Ok(Some(MasterKey::new(secret, self.repository(), self.epoch())))
    }

    /// Opens the wrapped key, but only where the slot commits to the key-encryption key: ChaCha20-Poly1305 alone would
    /// accept a ciphertext made to open under two.
    fn unwrap_committed(&self, wrap_key: &Secret, expected_commitment: &[u8; 32]) -> Option<[u8; 32]> {
        if !same(expected_commitment, &array(&self.bytes[HEAD_LEN..COMMITMENT_END])) {
            return None;
        }
        let wrapped = Payload { msg: &self.bytes[COMMITMENT_END..WRAPPED_END], aad: ASSOCIATED_DATA };
        let opened = ChaCha20Poly1305::new((&**wrap_key).into()).decrypt(&[0; 12].into(), wrapped).ok()?;
        Zeroizing::new(opened).as_slice().try_into().ok()
    }
}

/// NFKC, trimmed, single spaces: what is typed on another keyboard is the same passphrase.
pub fn normalise_passphrase(typed: &str) -> Zeroizing<String> {
    let folded: Zeroizing<String> = Zeroizing::new(typed.nfkc().collect());
    Zeroizing::new(folded.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn passphrase_kek(passphrase: &str, salt: &[u8; 32], cost: KdfCost) -> Result<Kek, UnlockError> {
    let shortage = UnlockError::NotEnoughMemory { memory_kib: cost.memory_kib };
    let params =
        argon2::Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).map_err(|_| shortage.clone())?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut out = Zeroizing::new([0; 32]);
    argon.hash_password_into(normalise_passphrase(passphrase).as_bytes(), salt, &mut out[..]).map_err(|_| shortage)?;
    Ok(Kek(out))
}

fn recovery_kek(secret: &[u8; 32], salt: &[u8; 32]) -> Kek {
    Kek(dk(context!("recovery kek"), &[secret, salt]))
}

fn wrap_key(kek: &Kek, head: &[u8]) -> Secret {
    dk(context!("slot wrap"), &[&kek.0[..], head])
}

fn commitment(kek: &Kek, head: &[u8]) -> Secret {
    dk(context!("slot commit"), &[&kek.0[..], head])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master() -> MasterKey {
        MasterKey::new([9; 32], RepositoryId([8; 32]), Epoch(0))
    }

    fn recovery() -> (RecoverySecret, Slot) {
        let secret = RecoverySecret::new([3; 32]);
        let slot = Slot::for_recovery(&master(), &secret, SlotId([1; 16]), [5; 32]);
        (secret, slot)
    }

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        let bytes: Vec<u8> = (0..N).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap()).collect();
        bytes.try_into().unwrap()
    }

    #[test]
    fn the_words_open_their_slot() {
        let (secret, slot) = recovery();
        let typed = TypedWords::parse(&secret.words().join(" ")).unwrap();
        let opened = slot.open_with_words(&typed, "slot").unwrap();
        assert_eq!(opened.secret(), master().secret());
        assert_eq!(Slot::decode(slot.bytes()), Ok(Some(slot)));
    }

    /// The vector of docs/format.md: one ciphertext that opens under two keys.
    #[test]
    fn promise_05_a_ciphertext_that_opens_under_two_keys_is_refused_as_a_slot() {
        let k1 = hex::<32>("554dd41007ea1934fc6875defd7df47b2bb97bac464b55a1be804139d689a329");
        let k2 = hex::<32>("3aceb58a1856dff5a1672777d6bb87b8ef91802a28e3225a98de1484ee49bf4f");
        let ciphertext = hex::<32>("5c9c09075b45311ca82e4920b9da716a379e76ce7e341eaad4c38bae1fdf29fd");
        let tag = hex::<16>("81b1e281b87c5429aa28e97b9a36fa9b");
        let wrapped = [&ciphertext[..], &tag].concat();
        for key in [k1, k2] {
            let bare = ChaCha20Poly1305::new((&key).into())
                .decrypt(&[0; 12].into(), Payload { msg: &wrapped, aad: ASSOCIATED_DATA });
            assert!(bare.is_ok(), "the bare AEAD accepts it, so this test bites");
        }
        let (_, mut slot) = recovery();
        slot.bytes[COMMITMENT_END..WRAPPED_END].copy_from_slice(&wrapped);
        let commitment_of = |key: &[u8; 32]| commitment(&Kek(Zeroizing::new(*key)), &slot.bytes[..HEAD_LEN]);
        let (first, second) = (commitment_of(&k1), commitment_of(&k2));
        slot.bytes[HEAD_LEN..COMMITMENT_END].copy_from_slice(&first[..]);
        assert!(slot.unwrap_committed(&Zeroizing::new(k1), &first).is_some());
        assert!(slot.unwrap_committed(&Zeroizing::new(k2), &second).is_none());
    }

    #[test]
    fn every_flipped_bit_of_a_slot_is_noticed() {
        let (secret, slot) = recovery();
        for bit in 0..SLOT_LEN * 8 {
            let mut bytes = *slot.bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let opened = Slot::decode(&bytes).ok().flatten().and_then(|slot| {
                if slot.kind != SlotKind::Recovery {
                    return None;
                }
                slot.open(&recovery_kek(&secret.0, &slot.salt()), "slot").ok().flatten()
            });
            assert!(opened.is_none(), "bit {bit}");
        }
    }

    #[test]
    fn absurd_costs_are_refused_before_anything_is_allocated() {
        let (_, template) = recovery();
        for (memory_kib, passes, lanes) in
            [(u32::MAX, 3, 1), (1024, 3, 1), (65_536, 1, 1), (65_536, 11, 1), (65_536, 3, 5)]
        {
            let mut bytes = *template.bytes();
            bytes[10] = SlotKind::Passphrase as u8;
            bytes[96..100].copy_from_slice(&memory_kib.to_le_bytes());
            bytes[100..104].copy_from_slice(&u32::to_le_bytes(passes));
            bytes[104..108].copy_from_slice(&u32::to_le_bytes(lanes));
            let slot = Slot::decode(&bytes).unwrap().unwrap();
            let error = slot.open_with_passphrase("x", "slots/x").err();
            assert!(matches!(error, Some(UnlockError::AbsurdCost { .. })), "{error:?}");
        }
    }

    #[test]
    fn a_wrong_passphrase_and_a_corrupt_slot_are_told_apart() {
        let cost = KdfCost::FLOOR;
        let slot = Slot::for_passphrase(&master(), "three  red\tapples ", cost, SlotId([2; 16]), [6; 32]).unwrap();
        assert!(slot.open_with_passphrase("three red apples", "s").unwrap().is_some());
        assert!(slot.open_with_passphrase("three red pears", "s").unwrap().is_none());
        let mut corrupt = slot.clone();
        corrupt.bytes[COMMITMENT_END] ^= 1;
        let error = corrupt.open_with_passphrase("three red apples", "slots/x").err();
        assert_eq!(error, Some(UnlockError::DamagedSlot { name: "slots/x".into() }));
    }
}
