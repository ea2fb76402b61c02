//! Looking messages up.

use crate::mail::{head_of, searched_form};
use crate::name_index::question;
use crate::rows::{joined, seen_of};
use crate::spans::{ChainId, Seen, left_of};
use crate::unspaced::{Piece, pairs, pieces};
use crate::{Catalogue, CatalogueError};
use chest_model::{ObjectHash, Timestamp, TreePath, without_accents, words_of};
use rusqlite::{Row, params};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What messages must be like; all of it, and all words folded.
#[derive(Debug, Clone, Default)]
pub struct LetterQuery {
    /// Each a part of a name of somebody, of the subject or of the name of what is attached, or the beginning of a word of the text.
    pub words: Vec<String>,
    /// Part of whom it is from.
    pub from: Option<String>,
    /// Part of the subject.
    pub subject: Option<String>,
    /// Part of the name of something attached.
    pub attachment: Option<String>,
    /// When it was sent; what says no time is sent in none.
    pub sent: Option<Range<Timestamp>>,
    /// What the identity begins with, in hexadecimal.
    pub identity: Option<String>,
}

/// A message that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundLetter {
    /// The same for the same message, wherever it is.
    pub identity: [u8; 32],
    /// Whom it is from.
    pub sender: String,
    /// All it was sent to.
    pub recipients: String,
    /// Its subject.
    pub subject: String,
    /// When it was sent.
    pub sent: Option<Timestamp>,
    /// The names of what is attached.
    pub attachments: Vec<String>,
    /// Where it is or was.
    pub whereabouts: Vec<Whereabouts>,
}

/// One mailbox, and a span of snapshots in which it held a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// Whose.
    pub chain: ChainId,
    /// The mailbox.
    pub path: TreePath,
    /// The first snapshot of the span.
    pub first: ObjectHash,
    /// The last snapshot of the span.
    pub last: ObjectHash,
    /// What kind of mailbox it is.
    pub container: u8,
    /// How the message is got out of it.
    pub locator: Vec<u8>,
    /// It is marked as deleted there.
    pub is_marked_deleted: bool,
}

/// A message's row.
struct Head {
    id: i64,
    letter: FoundLetter,
    attachments: String,
}

/// Where a part may be looked for, as it is searched.
type Field = fn(&Head) -> String;

const COLUMNS: &str = "message.id, identity, sender, recipients, subject, sent, attachments";

impl Catalogue {
    /// Every message that fits and is left in some snapshot, newest first.
    pub fn letters(&self, query: &LetterQuery) -> Result<Vec<FoundLetter>, CatalogueError> {
        let fields: [(&Option<String>, Field); 3] = [
            (&query.from, |head| searched_form(&head.letter.sender)),
            (&query.subject, |head| searched_form(&head.letter.subject)),
            (&query.attachment, |head| searched_form(&head.attachments)),
        ];
        let mut chosen: Option<HashSet<i64>> = None;
        let mut narrow = |ids: HashSet<i64>| match &mut chosen {
            Some(chosen) => chosen.retain(|id| ids.contains(id)),
            None => chosen = Some(ids),
        };
        for word in &query.words {
            let mut ids = self.heads_with(word, whole_head)?;
            ids.extend(self.bodies_with(word)?);
            narrow(ids);
        }
        for (wanted, field) in fields {
            if let Some(part) = wanted {
                narrow(self.heads_with(part, field)?);
            }
        }
        let fits = |head: &Head| {
            let in_time =
                query.sent.as_ref().is_none_or(|time| head.letter.sent.is_some_and(|sent| time.contains(&sent)));
            let is_it = query.identity.as_ref().is_none_or(|digits| hex(&head.letter.identity).starts_with(digits));
            in_time && is_it && chosen.as_ref().is_none_or(|chosen| chosen.contains(&head.id))
        };
        let mut seen = HashMap::new();
        let mut found = Vec::new();
        let mut visit = |head: Head| -> Result<(), CatalogueError> {
            if fits(&head) {
                let whereabouts = self.whereabouts(head.id, &mut seen)?;
                if !whereabouts.is_empty() {
                    found.push(FoundLetter { whereabouts, ..head.letter });
                }
            }
            Ok(())
        };
        match &chosen {
            Some(ids) => {
                let mut one =
                    self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE id = ?1"))?;
                for id in ids {
                    visit(one.query_row([id], head_of_row)?)?;
                }
            }
            None => {
                let mut all = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM message"))?;
                let mut all = all.query([])?;
                while let Some(row) = all.next()? {
                    visit(head_of_row(row)?)?;
                }
            }
        }
        found.sort_by_key(|letter| (std::cmp::Reverse(letter.sent), letter.identity));
        Ok(found)
    }

    /// Messages of which the index says that part of the head may be this, and that have it there.
    fn heads_with(&self, part: &str, field: Field) -> Result<HashSet<i64>, CatalogueError> {
        let part = &*without_accents(part);
        let mut ids = HashSet::new();
        let mut keep = |head: Head| {
            if field(&head).contains(part) {
                ids.insert(head.id);
            }
        };
        match question(&self.connection, "message_head", &[part])? {
            Some(question) => {
                let find = format!(
                    "SELECT {COLUMNS} FROM message_head JOIN message ON message.id = message_head.rowid
                     WHERE message_head MATCH ?1"
                );
                let mut rows = self.connection.prepare_cached(&find)?;
                rows.query_map([question], head_of_row)?.try_for_each(|head| head.map(&mut keep))?;
            }
            None => {
                let mut rows = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM message"))?;
                rows.query_map([], head_of_row)?.try_for_each(|head| head.map(&mut keep))?;
            }
        }
        Ok(ids)
    }

    /// Messages whose text has words that begin like the words of this.
    fn bodies_with(&self, word: &str) -> Result<HashSet<i64>, CatalogueError> {
        let Some(question) = beginnings(&without_accents(word)) else { return Ok(HashSet::new()) };
        let mut rows = self.connection.prepare_cached("SELECT rowid FROM message_body WHERE message_body MATCH ?1")?;
        let rows = rows.query_map([question], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn whereabouts(
        &self,
        message: i64,
        seen: &mut HashMap<ChainId, Vec<Seen>>,
    ) -> Result<Vec<Whereabouts>, CatalogueError> {
        let mut rows = self.connection.prepare_cached(
            "SELECT chain, folder.path, name.name, first, last, container, locator, marked FROM held
             JOIN folder ON folder.id = held.folder JOIN name ON name.id = held.name WHERE message = ?1",
        )?;
        let mut rows = rows.query(params![message])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let chain = ChainId(row.get(0)?);
            let seen = match seen.entry(chain) {
                std::collections::hash_map::Entry::Occupied(seen) => seen.into_mut(),
                std::collections::hash_map::Entry::Vacant(new) => new.insert(seen_of(&self.connection, chain)?),
            };
            if let Some((first, last)) = left_of((row.get(3)?, row.get(4)?), seen) {
                let path = joined(row.get(1)?, &row.get::<_, Vec<u8>>(2)?)?;
                found.push(Whereabouts {
                    chain,
                    path,
                    first,
                    last,
                    container: row.get(5)?,
                    locator: row.get(6)?,
                    is_marked_deleted: row.get(7)?,
                });
            }
        }
        Ok(found)
    }
}

fn head_of_row(row: &Row<'_>) -> rusqlite::Result<Head> {
    let attachments: String = row.get(6)?;
    let names = attachments.split('\n').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let sent: Option<i64> = row.get(5)?;
    let letter = FoundLetter {
        identity: row.get(1)?,
        sender: row.get(2)?,
        recipients: row.get(3)?,
        subject: row.get(4)?,
        sent: sent.map(|sent| Timestamp::new(sent, 0)),
        attachments: names,
        whereabouts: Vec::new(),
    };
    Ok(Head { id: row.get(0)?, letter, attachments })
}

fn whole_head(head: &Head) -> String {
    let letter = &head.letter;
    head_of(&letter.sender, &letter.recipients, &letter.subject, &head.attachments)
}

/// The question for texts with words that begin like those of `word`. What is asked for is cut as [`crate::Words`] are: the index makes one
/// word of each, and would fail on what it made several of.
fn beginnings(word: &str) -> Option<String> {
    let asked = pieces(word).flat_map(|piece| match piece {
        Piece::Spaced(text) => words_of(text).map(|word| format!("\"{word}\" *")).collect(),
        Piece::Unspaced(letters) => pairs_asked_for(letters),
    });
    let quoted: Vec<String> = asked.collect();
    (!quoted.is_empty()).then(|| quoted.join(" AND "))
}

/// Of letters without spaces every two that stand together; one alone begins a pair, or ends a run.
fn pairs_asked_for(letters: &str) -> Vec<String> {
    match letters.chars().nth(1) {
        None => vec![format!("\"{letters}\" *")],
        Some(_) => pairs(letters).map(|pair| format!("\"{pair}\"")).collect(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChainName;
    use crate::{ItemVersion, Letter, MailHint, MailboxVersion, Searched, Update, Words};
    use chest_model::folded_text;
    use proptest::strategy::Strategy;

    fn letter<'l>(number: u8, subject: &'l str, text: &'l Words, starts_at: u64, files: &'l [String]) -> Letter<'l> {
        Letter {
            identity: [number; 32],
            sender: "Zoë Clerk <clerk@example.org>",
            recipients: "Chair <chair@example.org>",
            subject,
            sent: Some(Timestamp::new(i64::from(number) * 1000, 0)),
            attachments: files,
            words: text,
            starts_at,
            locator: b"there",
            container: 0,
            searched: Searched::Whole,
            is_marked_deleted: false,
        }
    }

    /// The next version of a mailbox, in a snapshot of its own; what is to be read of it.
    fn next_version(catalogue: &mut Catalogue, number: u8) -> MailboxVersion {
        let mut update = catalogue.update().unwrap();
        let chain = update.chain(&ChainName::example("office", "mail")).unwrap();
        let at = update.add_snapshot(chain, ObjectHash([number; 32])).unwrap();
        let path = TreePath::from_bytes(b"box/inbox.mbox".to_vec()).unwrap();
        let version = ItemVersion { item: 0, size: 100, modified: Timestamp::new(0, 0), content: [number; 16] };
        update.put(chain, at, &path, &version, MailHint::Mail).unwrap();
        update.commit().unwrap();
        let [version] = &catalogue.mailboxes_to_read(0).unwrap()[..] else { panic!() };
        version.clone()
    }

    fn read(update: &Update<'_>, version: &MailboxVersion, letters: &[Letter<'_>]) {
        letters.iter().for_each(|letter| update.add_letter(version, letter).unwrap());
        update.mailbox_is_read(version).unwrap();
    }

    fn spans(catalogue: &Catalogue, query: LetterQuery) -> Vec<(u8, Vec<(u8, u8)>)> {
        let found = catalogue.letters(&query).unwrap();
        let span = |one: &Whereabouts| (one.first.0[0], one.last.0[0]);
        found.iter().map(|letter| (letter.identity[0], letter.whereabouts.iter().map(span).collect())).collect()
    }

    fn words(words: &[&str]) -> LetterQuery {
        LetterQuery { words: words.iter().map(|word| folded_text(word)).collect(), ..LetterQuery::default() }
    }

    #[test]
    fn what_a_grown_mailbox_still_holds_goes_on_and_what_was_cut_out_ends() {
        let none = Words::of("");
        let mut catalogue = Catalogue::in_memory().unwrap();
        let first = next_version(&mut catalogue, 1);
        let update = catalogue.update().unwrap();
        assert_eq!(update.version_before(&first).unwrap(), None);
        read(&update, &first, &[letter(1, "one", &none, 0, &[]), letter(2, "two", &none, 50, &[])]);
        update.commit().unwrap();
        let second = next_version(&mut catalogue, 2);
        let update = catalogue.update().unwrap();
        let (before, starts) = update.version_before(&second).unwrap().unwrap();
        assert_eq!((before.snapshot, starts), (ObjectHash([1; 32]), vec![0, 50]));
        update.letters_go_on(&second, &before, 50).unwrap();
        read(&update, &second, &[letter(3, "three", &none, 50, &[])]);
        update.commit().unwrap();
        let all = [(3, vec![(2, 2)]), (2, vec![(1, 1)]), (1, vec![(1, 2)])];
        assert_eq!(spans(&catalogue, words(&[])), all);

        let mut update = catalogue.update().unwrap();
        update.forget(second.chain, &[1]).unwrap();
        update.sweep().unwrap();
        update.commit().unwrap();
        assert_eq!(spans(&catalogue, words(&[])), [(3, vec![(2, 2)]), (1, vec![(2, 2)])]);
        let left: i64 = catalogue.connection.query_row("SELECT count(*) FROM message", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 2, "what nobody holds is forgotten");
    }

    #[test]
    fn of_a_text_every_word_is_asked_for_once() {
        assert_eq!(Words::of("The  hedge\nthe HEDGE, the\u{a0}green"), Words::of("the hedge hedge, green"));
    }

    #[test]
    fn of_what_is_not_searched_as_a_whole_it_is_told_how_much() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let version = next_version(&mut catalogue, 1);
        let update = catalogue.update().unwrap();
        let text = Words::of("hedge");
        let letters =
            [(1, Searched::Whole), (2, Searched::Beginning), (3, Searched::NotUnderstood), (4, Searched::Beginning)];
        let letters =
            letters.map(|(number, searched)| Letter { searched, ..letter(number, "x", &text, number.into(), &[]) });
        read(&update, &version, &letters);
        update.commit().unwrap();
        let problems = catalogue.mailbox_problems().unwrap();
        let told: Vec<_> = problems.iter().map(|one| (one.path.to_string(), one.problem.as_str())).collect();
        let path = || "box/inbox.mbox".to_owned();
        let long = "2 messages are very long: words at their ends may not be found";
        assert_eq!(told, [(path(), long), (path(), "one message is not understood, or not all of it")]);
    }

    #[test]
    fn files_of_which_nothing_is_known_are_looked_at_some_at_a_time_and_the_others_counted() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let mut update = catalogue.update().unwrap();
        let chain = update.chain(&ChainName::example("office", "docs")).unwrap();
        let at = update.add_snapshot(chain, ObjectHash([1; 32])).unwrap();
        let version = ItemVersion { item: 0, size: 100, modified: Timestamp::new(0, 0), content: [1; 16] };
        for (name, hint) in
            [("a.1", MailHint::Unknown), ("b.1", MailHint::Unknown), ("c.1", MailHint::Unknown), ("d", MailHint::Mail)]
        {
            let path = TreePath::from_bytes(name.as_bytes().to_vec()).unwrap();
            update.put(chain, at, &path, &version, hint).unwrap();
        }
        update.commit().unwrap();
        let waiting = catalogue.mailboxes_to_read(2).unwrap();
        let guesses: Vec<bool> = waiting.iter().map(|version| version.is_guess).collect();
        assert_eq!(guesses.iter().filter(|guess| **guess).count(), 2);
        assert_eq!(guesses.len(), 3);
        let update = catalogue.update().unwrap();
        waiting.iter().for_each(|version| update.mailbox_is_read(version).unwrap());
        update.commit().unwrap();
        let [problem] = &catalogue.mailbox_problems().unwrap()[..] else { panic!() };
        assert!(
            problem.problem.starts_with("one file has not been looked at yet") && !problem.is_damage,
            "{problem:?}"
        );
        assert_eq!(catalogue.mailboxes_to_read(2).unwrap().len(), 1);
    }

    #[test]
    fn words_of_scripts_without_spaces_are_found_wherever_they_stand() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let version = next_version(&mut catalogue, 1);
        let update = catalogue.update().unwrap();
        let text = Words::of("教区議会は2026年度予算を承認した。ボランティア募集 생울타리를");
        read(&update, &version, &[letter(1, "x", &text, 0, &[])]);
        update.commit().unwrap();
        for word in
            ["議会", "予算", "教区議会", "2026年度予算", "年", "した", "算", "ランティア", "울타리", "集", "026年"]
        {
            let expected = if word == "026年" { vec![] } else { vec![1] };
            assert_eq!(
                spans(&catalogue, words(&[word])).iter().map(|(id, _)| *id).collect::<Vec<_>>(),
                expected,
                "{word}"
            );
        }
        assert!(spans(&catalogue, words(&["会議"])).is_empty() && spans(&catalogue, words(&["予承"])).is_empty());
    }

    /// A catalogue of one message for each text, numbered from one.
    fn catalogue_of(texts: &[&str]) -> Catalogue {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let version = next_version(&mut catalogue, 1);
        let update = catalogue.update().unwrap();
        for (number, text) in (1..).zip(texts) {
            read(&update, &version, &[letter(number, "x", &Words::of(text), number.into(), &[])]);
        }
        update.commit().unwrap();
        catalogue
    }

    fn found_in(catalogue: &Catalogue, list: &[&str]) -> Vec<u8> {
        spans(catalogue, words(list)).iter().rev().map(|(id, _)| *id).collect()
    }

    #[test]
    fn words_with_vowels_beside_their_letters_are_found_whole_and_by_their_beginnings() {
        let all = ["ਪੰਜਾਬੀ", "ગુજરાતી", "বাংলা", "किताब", "हिंदी", "தமிழ்", "ประชุม", "שָׁלוֹם", "اُردُو"];
        let texts = all.map(|word| format!("the hedge, {word}! again"));
        let catalogue = catalogue_of(&texts.each_ref().map(String::as_str));
        for (number, word) in (1..).zip(all) {
            let starts = word.char_indices().skip(2).map(|(end, _)| &word[..end]);
            for asked in starts.chain([word]) {
                assert_eq!(found_in(&catalogue, &[asked]), [number], "{asked}");
                assert_eq!(found_in(&catalogue, &["hedge", asked]), [number], "{asked} and another");
                assert_eq!(found_in(&catalogue, &[&format!("aga-{asked}")]), [number], "{asked} beside another");
            }
            assert!(found_in(&catalogue, &["hedges", word]).is_empty(), "{word}");
            let end: String = word.chars().skip(2).collect();
            assert!(found_in(&catalogue, &[&end]).is_empty(), "the end of {word} begins no word");
        }
    }

    #[test]
    fn accents_make_no_difference_in_either_spelling() {
        let catalogue = catalogue_of(&["a cafe", "a café", "a cafe\u{301}", "m\u{304}ar"]);
        for word in ["cafe", "café", "cafe\u{301}", "CAFÉ", "caf"] {
            assert_eq!(found_in(&catalogue, &[word]), [1, 2, 3], "{word}");
        }
        for word in ["mar", "m\u{304}ar", "M\u{304}A"] {
            assert_eq!(found_in(&catalogue, &[word]), [4], "{word}");
        }
    }

    #[test]
    fn however_much_is_asked_for_the_index_answers() {
        let catalogue = catalogue_of(&["hedge"]);
        let many = "hedge, ".repeat(5000);
        assert_eq!(found_in(&catalogue, &[&many]), [1]);
        assert!(found_in(&catalogue, &[&"हिंदी".repeat(20_000)]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_typed_the_index_answers_and_finds_what_has_it(
            text in proptest::collection::vec(proptest::prelude::any::<char>(), 1..200).prop_map(String::from_iter),
        ) {
            let catalogue = catalogue_of(&[&text]);
            let has_words = words_of(&folded_text(&text)).next().is_some();
            let found = found_in(&catalogue, &[&text]);
            proptest::prop_assert!(!has_words || found == [1]);
        }
    }

    #[test]
    fn all_words_count_wherever_each_stands() {
        let mut catalogue = Catalogue::in_memory().unwrap();
        let version = next_version(&mut catalogue, 1);
        let update = catalogue.update().unwrap();
        let files = ["Quotation 7.pdf".to_owned(), "Fiancé.jpg".to_owned()];
        let text = Words::of("Please cut the hedge before the jubilee; café at four. E-mails don't hurt the hedge.");
        let other = Words::of("nothing else");
        read(&update, &version, &[letter(1, "Allotments", &text, 0, &files), letter(2, "Graves", &other, 9, &[])]);
        update.commit().unwrap();
        let found = |list: &[&str]| spans(&catalogue, words(list)).iter().map(|(id, _)| *id).collect::<Vec<_>>();
        for list in [
            &["lotmen"][..],
            &["hedge"],
            &["HEDG", "zoë"],
            &["jubilee", "ZOE"],
            &["hedge", "zo\u{e8}"],
            &["Oë C", "hedge"],
            &["fiance", "quotation"],
            &["jubilee", "quotation", "chair@"],
            &["café"],
            &["cafe"],
            &["e-mail"],
            &["don't"],
            &["on 7"],
            &["on", "lo"],
            &["clerk", "lotments"],
            &["mail\u{301}\u{24b6}s"],
        ] {
            let expected: &[u8] = if list[0].starts_with("mail") { &[] } else { &[1] };
            assert_eq!(found(list), expected, "{list:?}");
        }
        assert_eq!(found(&["clerk"]), [2, 1], "newest first");
        assert!(found(&["hedge", "graves"]).is_empty() && found(&["\"hedge OR"]).is_empty());
        let only = |query: LetterQuery| spans(&catalogue, query).iter().map(|(id, _)| *id).collect::<Vec<_>>();
        assert_eq!(only(LetterQuery { subject: Some("rave".into()), ..LetterQuery::default() }), [2]);
        assert_eq!(only(LetterQuery { from: Some("chair".into()), ..LetterQuery::default() }), [0; 0]);
        assert_eq!(only(LetterQuery { from: Some("zoe".into()), ..LetterQuery::default() }), [2, 1]);
        assert_eq!(only(LetterQuery { attachment: Some("fiance\u{301}".into()), ..LetterQuery::default() }), [1]);
        assert_eq!(only(LetterQuery { attachment: Some(".pdf".into()), ..LetterQuery::default() }), [1]);
        let time = Timestamp::new(1500, 0)..Timestamp::new(2001, 0);
        assert_eq!(only(LetterQuery { sent: Some(time), ..LetterQuery::default() }), [2]);
        assert_eq!(only(LetterQuery { identity: Some("0101".into()), ..LetterQuery::default() }), [1]);
    }
}
