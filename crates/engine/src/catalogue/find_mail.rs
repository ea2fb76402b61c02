//! Finds messages over all versions of all mailboxes, deleted ones too, and gets them out again.

use super::answer::Answer;
use super::became::{Held, LastSeen};
use super::doubtful_mailboxes::DoubtfulMailboxes;
use super::mailbox_kind::kind_of;
use super::standing::{Holding, NotKnown, Standing};
use super::{Keeping, ONE_MESSAGE, Wanted, consult};
use crate::browse::{ShownPath, StoredFile};
use crate::{Context, EngineError, Opened};
use chest_catalogue::{Catalogue, ChainId, FoundLetter, LetterQuery, MailboxProblem, Whereabouts};
use chest_mail::{ContainerKind, Locator, TimeLimit};
use chest_model::{Class, ObjectHash, Timestamp, folded_text, harmless};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// What messages to look for: all of it counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailQuery {
    /// Each a part of somebody's name, of the subject or of the name of an attachment, or the beginning of a word of the text.
    pub words: Vec<String>,
    /// Part of whom it is from.
    pub from: Option<String>,
    /// Part of the subject.
    pub subject: Option<String>,
    /// Part of the name of an attachment.
    pub attachment: Option<String>,
    /// When it was sent.
    pub sent: Option<Range<Timestamp>>,
    /// Only what no newest backup holds, and what is marked as deleted there.
    pub only_deleted: bool,
    /// Only mailboxes that were backed up as this.
    pub class: Option<Class>,
    /// What the id begins with.
    pub id: Option<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct MailOutcome {
    /// Newest first.
    pub messages: Vec<MailHit>,
    /// Mailboxes, or parts of lists of files, that could not be read: there may be more.
    pub damaged: Vec<String>,
    /// What is not searched: mailboxes that nobody here understands, or not to their end, messages of which words are not found, and
    /// files at which nobody has looked yet.
    pub not_searched: Vec<NotSearched>,
    /// How many snapshots were searched.
    pub snapshots: usize,
    /// How the catalogue fared.
    pub keeping: Keeping,
    /// The snapshots of each machine's root, oldest first.
    chains: HashMap<ChainId, Vec<Sighting>>,
}

/// A mailbox that is not searched, or not to its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotSearched {
    /// Where it is, as it is shown.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl std::fmt::Display for NotSearched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// A snapshot in which something was seen: its id, and the end of its reading.
pub type Sighting = (ObjectHash, Timestamp);

impl MailOutcome {
    /// Every snapshot in which this mailbox held the message, newest first.
    pub fn sightings(&self, mailbox: &MailboxHit) -> Vec<Sighting> {
        let of_span = |span: &Span| self.chains.get(&span.chain).and_then(|all| all.get(span.numbers.clone()));
        let mut all: Vec<Sighting> = mailbox.spans.iter().filter_map(of_span).flatten().copied().collect();
        all.sort_by_key(|(id, ended)| std::cmp::Reverse((*ended, *id)));
        all
    }
}

/// One message, over all versions of all mailboxes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHit {
    /// What makes it the same message in every mailbox: [`chest_mail::identity`]. Where copies differ in what mail programs note in them, the
    /// one that was seen last is what is shown and saved.
    pub id: ObjectHash,
    /// Whom it is from.
    pub from: String,
    /// All it was sent to.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// The names of what is attached.
    pub attachments: Vec<String>,
    /// The mailboxes that hold it or held it; where it was last seen comes first.
    pub mailboxes: Vec<MailboxHit>,
    /// Whether no newest backup of these mailboxes holds it.
    pub deleted: bool,
    /// Whether it is still there, and marked as deleted in every mailbox that holds it: its owner has deleted it, and the mail program has
    /// not cleared it away yet.
    pub is_marked_deleted: bool,
    /// The root that was backed up in the place of its own, and does not hold it.
    pub successor: Option<Vec<u8>>,
    /// Where nobody knows whether it is still there.
    pub not_known: Option<NotKnown>,
}

/// A mailbox that holds a message, or held it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxHit {
    /// The mailbox.
    pub path: ShownPath,
    /// The oldest snapshot in which it held the message.
    pub first_seen: (ObjectHash, Timestamp),
    /// The newest one.
    pub last_seen: (ObjectHash, Timestamp),
    /// In how many it held the message.
    pub snapshots: usize,
    /// Which these are; none of a chain touches another.
    spans: Vec<Span>,
    kind: Option<ContainerKind>,
    locator: Option<Locator>,
}

/// Consecutive snapshots of a machine's root.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Span {
    chain: ChainId,
    numbers: Range<usize>,
}

/// Searches all mailboxes; what has not been read yet is read first.
pub fn find_mail(context: &Context<'_>, opened: &Opened, query: &MailQuery) -> Result<MailOutcome, EngineError> {
    let (snapshots, _) = opened.session.snapshots();
    let ask = |catalogue: &Catalogue| {
        let answer = Answer::new(catalogue, &snapshots)?;
        let letters = catalogue.letters(&letter_query(query))?;
        let problems = catalogue.mailbox_problems()?;
        let doubtful = DoubtfulMailboxes::new(catalogue, &problems);
        let hits = letters.into_iter().map(|letter| answer.mail_hit(letter, query.class, &doubtful));
        let hits = hits.filter_map(Result::transpose);
        let is_meant = |hit: &MailHit| hit.deleted || hit.is_marked_deleted || !query.only_deleted;
        let messages: Vec<MailHit> =
            hits.filter(|hit| hit.as_ref().map_or(true, is_meant)).collect::<Result<_, _>>()?;
        let (broken, unknown): (Vec<_>, Vec<_>) = problems.into_iter().partition(|one| one.is_damage);
        let told = |problems: Vec<MailboxProblem>| {
            let told = problems.into_iter().filter_map(|one| {
                let path = ShownPath { root: answer.chain(one.chain)?.label.clone(), path: one.path };
                Some(NotSearched { path: chest_model::shown(&path.to_bytes()), reason: one.problem })
            });
            // The same is wrong with a mailbox in many versions.
            told.collect::<BTreeSet<NotSearched>>().into_iter().collect::<Vec<NotSearched>>()
        };
        let broken = told(broken).iter().map(NotSearched::to_string).collect();
        Ok((messages, [answer.damaged(), broken].concat(), told(unknown), answer.sightings()))
    };
    let ((messages, damaged, not_searched, chains), keeping) = consult(context, opened, Wanted::NamesAndMail, &ask)?;
    Ok(MailOutcome { messages, damaged, not_searched, snapshots: snapshots.len(), keeping, chains })
}

/// What was typed, as it is in the catalogue: on one line, and as it is shown.
fn in_one_line(text: &str) -> String {
    folded_text(&harmless(&text.replace(['\n', '\r', '\t'], " ")))
}

fn letter_query(query: &MailQuery) -> LetterQuery {
    let folded = |text: &Option<String>| text.as_deref().map(in_one_line);
    LetterQuery {
        words: query.words.iter().map(|word| in_one_line(word)).collect(),
        from: folded(&query.from),
        subject: folded(&query.subject),
        attachment: folded(&query.attachment),
        sent: query.sent.clone(),
        identity: query.id.as_deref().map(str::to_lowercase),
    }
}

impl Answer<'_> {
    /// `None` where no mailbox of that class holds it.
    fn mail_hit(
        &self,
        letter: FoundLetter,
        class: Option<Class>,
        doubtful: &DoubtfulMailboxes<'_>,
    ) -> Result<Option<MailHit>, EngineError> {
        let mut mailboxes: BTreeMap<Vec<u8>, MailboxHit> = BTreeMap::new();
        for place in &letter.whereabouts {
            if let Some(hit) = self.mailbox_hit(place, class) {
                match mailboxes.entry(hit.path.to_bytes()) {
                    Entry::Vacant(new) => drop(new.insert(hit)),
                    Entry::Occupied(mut known) => known.get_mut().take_in(hit),
                }
            }
        }
        let mut mailboxes: Vec<MailboxHit> = mailboxes.into_values().collect();
        mailboxes.iter_mut().for_each(MailboxHit::settle);
        mailboxes.sort_by_key(|mailbox| std::cmp::Reverse(mailbox.last_seen.1));
        let (standing, is_marked) = self.standing_of_letter(&letter.whereabouts, doubtful)?;
        let last = letter.whereabouts.iter().filter_map(|one| self.place(&one.last)).max();
        let not_known = last.and_then(|last| standing.not_known(self.at(last).1));
        let FoundLetter { identity, sender, recipients, subject, sent, attachments, .. } = letter;
        Ok((!mailboxes.is_empty()).then_some(MailHit {
            id: ObjectHash(identity),
            from: sender,
            to: recipients,
            subject,
            sent,
            attachments,
            mailboxes,
            deleted: standing.is_gone(),
            is_marked_deleted: is_marked && !standing.is_gone(),
            successor: standing.successor(),
            not_known,
        }))
    }

    /// And whether it is marked as deleted wherever it still is.
    fn standing_of_letter(
        &self,
        whereabouts: &[Whereabouts],
        doubtful: &DoubtfulMailboxes<'_>,
    ) -> Result<(Standing, bool), EngineError> {
        let (mut standing, mut is_marked) = (Standing::Gone(None), true);
        for place in whereabouts {
            let Some(chain) = self.chain(place.chain) else { continue };
            let unless_hidden = |now_in: ChainId| -> Result<Holding, EngineError> {
                let may_hold = doubtful.may_hold(self, place, now_in)?;
                Ok(if may_hold { Holding::MayHold } else { Holding::HoldsNot })
            };
            let holding = match chain.is_newest(&place.last) {
                true => Holding::Holds,
                false => unless_hidden(place.chain)?,
            };
            // What has come in the place of a root that has vanished is among these places, too, and judged by itself.
            let holds = |other| Ok(Held { holding: unless_hidden(other)?, last: None });
            let last = LastSeen { path: &place.path, place: self.place(&place.last) };
            let here = self.standing_in(chain, &last, holding, &holds)?;
            is_marked &= here.is_gone() || place.is_marked_deleted;
            standing = standing.or(here);
        }
        Ok((standing, is_marked))
    }

    /// `None` where it was not backed up as this.
    fn mailbox_hit(&self, place: &Whereabouts, class: Option<Class>) -> Option<MailboxHit> {
        let (first, last) = (self.place(&place.first)?, self.place(&place.last)?);
        let chain = self.chain(place.chain).filter(|chain| chain.was_of(class, first, last))?;
        Some(MailboxHit {
            path: ShownPath { root: chain.label.clone(), path: place.path.clone() },
            first_seen: self.at(first),
            last_seen: self.at(last),
            snapshots: 0,
            spans: vec![Span { chain: place.chain, numbers: chain.numbers(first, last) }],
            kind: kind_of(place.container),
            locator: Locator::from_bytes(&place.locator),
        })
    }
}

impl MailboxHit {
    /// Another span of the same mailbox; how the message is got out of it follows from the newest.
    fn take_in(&mut self, mut other: Self) {
        let first_seen = std::cmp::min_by_key(self.first_seen, other.first_seen, |seen| (seen.1, seen.0));
        if (other.last_seen.1, other.last_seen.0) > (self.last_seen.1, self.last_seen.0) {
            std::mem::swap(self, &mut other);
        }
        self.first_seen = first_seen;
        self.spans.append(&mut other.spans);
    }

    /// A mailbox may hold a message twice: each snapshot counts once.
    fn settle(&mut self) {
        self.spans.sort_by_key(|span| (span.chain, span.numbers.start));
        self.spans.dedup_by(|next, before| {
            let goes_on = next.chain == before.chain && next.numbers.start <= before.numbers.end;
            if goes_on {
                before.numbers.end = before.numbers.end.max(next.numbers.end);
            }
            goes_on
        });
        self.snapshots = self.spans.iter().map(|span| span.numbers.len()).sum();
    }
}

/// One message as bytes, proven, and what is known of it.
pub struct FetchedMessage {
    /// What the catalogue says of it.
    pub hit: MailHit,
    /// The bytes of an `.eml` file.
    pub raw: Vec<u8>,
    /// How the catalogue fared.
    pub keeping: Keeping,
}

/// Gets the one message whose id begins so. Where one mailbox cannot be read, another that holds it is tried.
pub fn fetch_message(context: &Context<'_>, opened: &Opened, id: &str) -> Result<FetchedMessage, EngineError> {
    let query = MailQuery { id: Some(id.to_owned()), ..MailQuery::default() };
    let mut found = find_mail(context, opened, &query)?;
    if found.messages.len() > 1 {
        return Err(EngineError::AmbiguousMessage { text: id.to_owned(), count: found.messages.len() });
    }
    let hit = found.messages.pop().ok_or_else(|| EngineError::NoSuchMessage(id.to_owned()))?;
    let (snapshots, _) = opened.session.snapshots();
    let mut problem = None;
    for mailbox in &hit.mailboxes {
        let snapshot = snapshots.iter().find(|snapshot| snapshot.record.hash == mailbox.last_seen.0);
        let (Some(snapshot), Some(kind), Some(locator)) = (snapshot, mailbox.kind, &mailbox.locator) else { continue };
        let limit = TimeLimit::new(context.environment, ONE_MESSAGE);
        let got = StoredFile::open(opened, snapshot, &mailbox.path)
            .and_then(|file| chest_mail::raw(kind, &mut limit.watch(file), locator).map_err(EngineError::Mail));
        match got {
            // Whatever came of it: there is more of the message.
            _ if limit.is_over() => problem = Some(EngineError::MessageTakesTooLong),
            Ok(raw) if chest_mail::identity(&raw) == hit.id.0 => {
                return Ok(FetchedMessage { hit, raw, keeping: found.keeping });
            }
            Ok(_) => problem = Some(EngineError::Mail(chest_mail::MailError::NotThere)),
            Err(error) => problem = Some(error),
        }
    }
    Err(problem.unwrap_or_else(|| EngineError::NoSuchMessage(id.to_owned())))
}
