//! Making a repository: the master key, two independent ways in, and this machine as its first writer. In two steps, because
//! the words are shown once: all is made and sealed before anything is put, so that whoever calls can show the words in between.

mod claim;

use crate::doctor::is_scratch;
use crate::enrol::found_writer;
use crate::{Context, EngineError};
use chest_model::{Environment, Epoch, ObjectHash, RandomError, RepositoryId, SlotId, WriterId};
use chest_repo::RepoError;
use chest_repo::config::Configuration;
use chest_repo::keys::{MasterKey, head_word_numbers};
use chest_repo::layout::Place;
use chest_repo::record::{LiveSlot, OwnerBody};
use chest_repo::repository::{SealedDecision, fresh, put_settled, refuse_broken_off};
use chest_repo::slot::{KdfCost, Slot, normalise_passphrase};
use chest_repo::words::{RecoverySecret, words_of};
use chest_store::{ObjectName, ObjectStore};
use claim::Claim;
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

/// A repository of which nothing is in the store yet. Dropped, it leaves none.
pub struct PreparedRepository {
    outcome: InitOutcome,
    slots: [Slot; 2],
    /// The genesis, which makes all the others count, comes last.
    decisions: [SealedDecision; 3],
}

impl PreparedRepository {
    /// What will have been made: to be shown before it is.
    pub fn outcome(&self) -> &InitOutcome {
        &self.outcome
    }

    /// Puts it, and fails with `NotMade` or, where that cannot be told, with `PerhapsMade`. What has arrived of one that was not made
    /// is no repository, its words open nothing, and it is taken away again where the store allows that.
    pub fn commit(self, context: &Context<'_>) -> Result<InitOutcome, EngineError> {
        let store: &dyn ObjectStore = &*context.store;
        let claim = Claim::of(&self);
        match self.put(store, &claim) {
            Ok(outcome) => Ok(outcome),
            Err(error @ EngineError::PerhapsMade(_)) => Err(error),
            Err(error) => Err(EngineError::NotMade { why: Box::new(error), is_taken_back: claim.take_back(store) }),
        }
    }

    fn put(self, store: &dyn ObjectStore, claim: &Claim) -> Result<InitOutcome, EngineError> {
        for slot in &self.slots {
            put_settled(store, &slot_name(slot), slot.bytes().to_vec())?;
        }
        let [ways_in, enrolled, genesis] = self.decisions;
        ways_in.put(store)?;
        enrolled.put(store)?;
        claim.wait_until_alone(store)?;
        let name = Place::Owner(genesis.record()).name();
        match genesis.put(store).map_err(EngineError::from) {
            Ok(_) => Ok(self.outcome),
            // One of its two copies makes a repository; the next backup puts the other.
            Err(error) => match store.list(name.as_str()) {
                Ok(found) if found.is_empty() => Err(error),
                Ok(_) => Ok(self.outcome),
                Err(_) => Err(EngineError::PerhapsMade(Box::new(error))),
            },
        }
    }
}

/// Makes a repository. Refuses where anything of one is there already.
pub fn init(context: &Context<'_>, options: InitOptions) -> Result<InitOutcome, EngineError> {
    prepare(context, options)?.commit(context)
}

/// Everything but putting it: the keys, the sealed records, and this machine's own file. Refuses where anything of a
/// repository is there already.
pub fn prepare(context: &Context<'_>, options: InitOptions) -> Result<PreparedRepository, EngineError> {
    refuse_unless_empty(&*context.store)?;
    // What this program could not read again it does not make.
    options.configuration.check_readable().map_err(|problem| EngineError::object("the configuration", problem))?;
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
    let genesis = SealedDecision::genesis(&master, options.configuration, environment)?;
    let live = slots.iter().map(live_slot).collect();
    let ways_in = genesis.followed_by(&master, OwnerBody::Slots { live }, environment)?;
    let grant = found_writer(context, &master, genesis.record().hash)?;
    let enrolled = ways_in.followed_by(&master, OwnerBody::AddWriter(grant), environment)?;
    let outcome = InitOutcome {
        repository,
        generated_passphrase,
        recovery_words: recovery.words(),
        writer: grant.writer,
        head_words: head_words(repository, &enrolled.record().hash),
    };
    Ok(PreparedRepository { outcome, slots, decisions: [ways_in, enrolled, genesis] })
}

fn refuse_unless_empty(store: &dyn ObjectStore) -> Result<(), EngineError> {
    // Not only another repository: a folder of documents would be mixed up with one.
    let listed = store.list("").map_err(RepoError::from)?;
    refuse_broken_off(store)?;
    if let Some(found) = listed.iter().find(|one| Place::parse(&one.name).is_some()) {
        return Err(RepoError::AlreadyThere(found.name.to_string()).into());
    }
    // What `doctor` could not remove again (a lock may keep it there) is no repository.
    if let Some(found) = listed.iter().find(|one| !is_scratch(one.name.as_str())) {
        return Err(RepoError::NotEmpty(found.name.to_string()).into());
    }
    match store.strays().map_err(RepoError::from)?.into_iter().find(|stray| !stray.left_by_us) {
        Some(found) => Err(RepoError::NotEmpty(found.name).into()),
        None => Ok(()),
    }
}

/// The six words that name a record.
pub fn head_words(repository: RepositoryId, record: &ObjectHash) -> Vec<&'static str> {
    words_of(&head_word_numbers(repository, &record.0))
}

fn slot_name(slot: &Slot) -> ObjectName {
    let live = live_slot(slot);
    Place::Slot(live.id, live.hash).name()
}

fn live_slot(slot: &Slot) -> LiveSlot {
    LiveSlot { id: slot.id(), hash: ObjectHash(*blake3::hash(slot.bytes()).as_bytes()) }
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
