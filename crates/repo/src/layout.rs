//! Where objects lie in the store, by name (docs/format.md, "Objects").

use crate::record::RecordRef;
use chest_model::{ObjectHash, SlotId, WriterId};
use chest_store::ObjectName;

/// Prefix of every pack.
pub const PACKS: &str = "packs/";
/// Prefix of every index object.
pub const INDEX: &str = "index/";
/// Prefix of every writer's record.
pub const LOG: &str = "log/";
/// Prefix of every owner's record.
pub const OWNER: &str = "owner/";
/// Prefix of every slot.
pub const SLOTS: &str = "slots/";
/// Prefix of every second copy: the whole name of the first follows.
pub const SECOND: &str = "second/";
/// What is kept twice: without it nobody gets in, or nobody knows what there is; and it is small.
pub const KEPT_TWICE: [&str; 3] = [LOG, OWNER, SLOTS];

/// What an object's name says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// `packs/<2 hex>/<64 hex>`
    Pack(ObjectHash),
    /// `index/<writer>/<64 hex>`
    Index(WriterId, ObjectHash),
    /// `log/<chain>/<inverse seq>-<hash>`
    Log(WriterId, RecordRef),
    /// `log/<chain>/names-<hash>`
    Inventory(WriterId, ObjectHash),
    /// `owner/<inverse seq>-<hash>`
    Owner(RecordRef),
    /// `slots/<id>-<hash>`
    Slot(SlotId, ObjectHash),
}

impl Place {
    /// The object's name.
    pub fn name(&self) -> ObjectName {
        let text = match self {
            Self::Pack(hash) => {
                let hex = hash.to_hex();
                format!("packs/{}/{hex}", &hex[..2])
            }
            Self::Index(writer, hash) => format!("{}{hash}", index_prefix(*writer)),
            Self::Log(chain, record) => format!("{}{}", log_prefix(*chain), record_name(record)),
            Self::Inventory(chain, hash) => format!("{}names-{hash}", log_prefix(*chain)),
            Self::Owner(record) => format!("owner/{}", record_name(record)),
            Self::Slot(id, hash) => format!("slots/{id}-{hash}"),
        };
        // Hexadecimal digits, dashes and slashes only.
        #[allow(clippy::expect_used)]
        ObjectName::new(text).expect("made of hexadecimal digits")
    }

    /// The name of its second copy; `None` for what is kept once.
    pub fn second_name(&self) -> Option<ObjectName> {
        let name = self.name();
        let is_kept_twice = KEPT_TWICE.iter().any(|prefix| name.as_str().starts_with(prefix));
        is_kept_twice.then(|| ObjectName::new(format!("{SECOND}{name}")).ok()).flatten()
    }

    /// Whose second copy that name is; `None` where it is none.
    pub fn parse_second(name: &ObjectName) -> Option<Self> {
        let first = ObjectName::new(name.as_str().strip_prefix(SECOND)?).ok()?;
        Self::parse(&first).filter(|place| place.second_name().is_some())
    }

    /// What that name says; `None` for names that are not ours, and for second copies.
    pub fn parse(name: &ObjectName) -> Option<Self> {
        let parts: Vec<&str> = name.as_str().split('/').collect();
        let place = match parts[..] {
            ["packs", _, hash] => Self::Pack(hash.parse().ok()?),
            ["index", writer, hash] => Self::Index(writer.parse().ok()?, hash.parse().ok()?),
            ["log", chain, record] => match record.strip_prefix("names-") {
                Some(hash) => Self::Inventory(chain.parse().ok()?, hash.parse().ok()?),
                None => Self::Log(chain.parse().ok()?, parse_record_name(record)?),
            },
            ["owner", record] => Self::Owner(parse_record_name(record)?),
            ["slots", slot] => {
                let (id, hash) = slot.split_once('-')?;
                Self::Slot(id.parse().ok()?, hash.parse().ok()?)
            }
            _ => return None,
        };
        (place.name() == *name).then_some(place)
    }

    /// Whether these bytes are the object: names hold the hash of what they name.
    pub fn proves(&self, bytes: &[u8]) -> bool {
        *blake3::hash(bytes).as_bytes() == self.hash().0
    }

    /// The hash that the object must have.
    pub fn hash(&self) -> ObjectHash {
        match self {
            Self::Pack(hash) | Self::Index(_, hash) | Self::Inventory(_, hash) | Self::Slot(_, hash) => *hash,
            Self::Log(_, record) | Self::Owner(record) => record.hash,
        }
    }
}

/// Prefix of one writer's index objects.
pub fn index_prefix(writer: WriterId) -> String {
    format!("{INDEX}{writer}/")
}

/// Prefix of one chain's records.
pub fn log_prefix(chain: WriterId) -> String {
    format!("{LOG}{chain}/")
}

/// Sixteen digits of 2⁶⁴ − 1 − seq, so that an ascending listing shows the newest first.
fn record_name(record: &RecordRef) -> String {
    format!("{:016x}-{}", u64::MAX - record.seq, record.hash)
}

fn parse_record_name(text: &str) -> Option<RecordRef> {
    let (inverse, hash) = text.split_once('-')?;
    let seq = u64::MAX - u64::from_str_radix(inverse, 16).ok()?;
    Some(RecordRef { seq, hash: hash.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_name_and_every_name_one_place() {
        let (hash, writer) = (ObjectHash([0xab; 32]), WriterId([0xcd; 16]));
        let record = RecordRef { seq: 7, hash };
        for place in [
            Place::Pack(hash),
            Place::Index(writer, hash),
            Place::Log(writer, record),
            Place::Inventory(writer, hash),
            Place::Owner(record),
            Place::Slot(SlotId([1; 16]), hash),
        ] {
            assert_eq!(Place::parse(&place.name()), Some(place));
        }
    }

    #[test]
    fn decisions_records_inventories_and_slots_are_kept_twice_and_nothing_else() {
        let (hash, writer) = (ObjectHash([0xab; 32]), WriterId([0xcd; 16]));
        let record = RecordRef { seq: 7, hash };
        let twice = [
            Place::Owner(record),
            Place::Log(writer, record),
            Place::Inventory(writer, hash),
            Place::Slot(SlotId([1; 16]), hash),
        ];
        for place in twice {
            let second = place.second_name().unwrap();
            assert_eq!(second.as_str(), format!("second/{}", place.name()));
            assert_eq!((Place::parse_second(&second), Place::parse(&second)), (Some(place), None));
            assert_eq!(Place::parse_second(&place.name()), None);
        }
        for place in [Place::Pack(hash), Place::Index(writer, hash)] {
            assert_eq!(place.second_name(), None);
            let name = ObjectName::new(format!("second/{}", place.name())).unwrap();
            assert_eq!(Place::parse_second(&name), None);
        }
    }

    #[test]
    fn newer_records_are_listed_first() {
        let name = |seq| Place::Owner(RecordRef { seq, hash: ObjectHash([1; 32]) }).name();
        assert!(name(2) < name(1) && name(300) < name(2));
    }

    #[test]
    fn near_misses_are_not_ours() {
        for text in ["packs/aa/zz", "owner/1-2", "packs/00/abab", "config", "slots/x"] {
            assert_eq!(Place::parse(&ObjectName::new(text).unwrap()), None, "{text}");
        }
        let hash = ObjectHash([0xab; 32]).to_hex();
        assert_eq!(Place::parse(&ObjectName::new(format!("packs/cd/{hash}")).unwrap()), None, "wrong folder");
    }
}
