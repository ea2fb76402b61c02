//! Making a repository: the master key, two independent ways in, and this machine as its first writer.

use crate::doctor::is_scratch;
use crate::{Context, EngineError};
use chest_model::{Environment, Epoch, ObjectHash, RandomError, RepositoryId, SlotId, WriterId};
use chest_repo::RepoError;
use chest_repo::config::Configuration;
use chest_repo::history::{OnNewer, OwnerHistory, OwnerTrust};
use chest_repo::keys::{MasterKey, head_word_numbers};
use chest_repo::layout::Place;
use chest_repo::record::{LiveSlot, OwnerBody};
use chest_repo::repository::{append_decision, begin_repository, fresh, put_settled};
use chest_repo::slot::{KdfCost, Slot, normalise_passphrase};
use chest_repo::words::{RecoverySecret, words_of};
use chest_store::ObjectStore;
use zeroize::Zeroizing;

/// Words of a generated passphrase: seven of 2,048 are 77 bits.
const GENERATED_WORDS: usize = 7;

/// What to make.
pub struct InitOptions {
    /// What the clerk will type; generated where there is none.
    pub passphrase: Option<Zeroizing<String>>,
    /// The cost of deriving the key from it.
    pub cost: KdfCost,
    /// What everybody goes by.
    pub configuration: Configuration,
}

/// What was made.
pub struct InitOutcome {
    /// Its id.
    pub repository: RepositoryId,
    /// The passphrase, where it was generated: shown once.
    pub generated_passphrase: Option<Zeroizing<String>>,
    /// The 24 words for the sealed envelope: shown once.
    pub recovery_words: Vec<&'static str>,
    /// This machine, now enrolled.
    pub writer: WriterId,
    /// Six words that name the repository's first state.
    pub head_words: Vec<&'static str>,
}

/// Makes a repository. Refuses where anything of one is there already.
pub fn init(context: &Context<'_>, options: InitOptions) -> Result<InitOutcome, EngineError> {
    let store: &dyn ObjectStore = &*context.store;
    // Not only another repository: a folder of documents would be mixed up with one.
    let listed = store.list("").map_err(RepoError::from)?;
    // What `doctor` could not remove again (a lock may keep it there) is no repository.
    if let Some(found) = listed.iter().find(|one| !is_scratch(one.name.as_str())) {
        return Err(RepoError::AlreadyThere(found.name.to_string()).into());
    }
    if let Some(found) = store.strays().map_err(RepoError::from)?.into_iter().find(|stray| !stray.left_by_us) {
        return Err(RepoError::AlreadyThere(found.name).into());
    }
    let environment = context.environment;
    let repository = RepositoryId(fresh(environment)?);
    let master_secret = Zeroizing::new(fresh(environment)?);
    let recovery = RecoverySecret::new(fresh(environment)?);
    // The id is public: a generator that repeats itself would publish the keys.
    if *master_secret == repository.0 || recovery.is(&repository.0) || recovery.is(&master_secret) {
        return Err(RepoError::from(RandomError("it gave the same bytes twice".to_owned())).into());
    }
    let master = MasterKey::new(*master_secret, repository, Epoch(0));
    let (passphrase, generated_passphrase) = match options.passphrase {
        Some(given) => (normalise_passphrase(&given), None),
        None => {
            let generated = generate_passphrase(environment)?;
            (generated.clone(), Some(generated))
        }
    };
    let slots = [
        Slot::for_passphrase(&master, &passphrase, options.cost, slot_id(environment)?, fresh(environment)?)
            .map_err(RepoError::from)?,
        Slot::for_recovery(&master, &recovery, slot_id(environment)?, fresh(environment)?),
    ];
    let live = slots.iter().map(|slot| put_slot(context, slot)).collect::<Result<Vec<_>, _>>()?;
    let genesis = begin_repository(store, &master, options.configuration, environment)?;
    let history = OwnerHistory::read(store, OwnerTrust::Master(&master), OnNewer::Refuse)?;
    append_decision(store, &master, &history, OwnerBody::Slots { live }, environment)?;
    let writer = crate::enrol::enrol_with(context, &master, genesis.hash)?;
    let newest = OwnerHistory::read(store, OwnerTrust::Master(&master), OnNewer::Refuse)?.chain().head_hashes();
    let head_words = newest.last().map(|hash| head_words(repository, hash)).unwrap_or_default();
    Ok(InitOutcome { repository, generated_passphrase, recovery_words: recovery.words(), writer, head_words })
}

/// The six words that name a record.
pub fn head_words(repository: RepositoryId, record: &ObjectHash) -> Vec<&'static str> {
    words_of(&head_word_numbers(repository, &record.0))
}

fn put_slot(context: &Context<'_>, slot: &Slot) -> Result<LiveSlot, EngineError> {
    let hash = ObjectHash(*blake3::hash(slot.bytes()).as_bytes());
    put_settled(&*context.store, &Place::Slot(slot.id(), hash).name(), slot.bytes().to_vec())?;
    Ok(LiveSlot { id: slot.id(), hash })
}

fn slot_id(environment: &dyn Environment) -> Result<SlotId, EngineError> {
    let random = fresh(environment)?;
    let (id, _) = random.split_first_chunk().unwrap_or((&[0; 16], &[]));
    Ok(SlotId(*id))
}

fn generate_passphrase(environment: &dyn Environment) -> Result<Zeroizing<String>, EngineError> {
    let random = Zeroizing::new(fresh(environment)?);
    let numbers: Vec<u16> =
        random.as_chunks::<2>().0.iter().take(GENERATED_WORDS).map(|pair| u16::from_le_bytes(*pair) % 2048).collect();
    Ok(Zeroizing::new(words_of(&numbers).join(" ")))
}
