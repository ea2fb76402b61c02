//! The council's English: sentences, paragraphs and subjects of parish business, made from the word lists beside this
//! file.

mod grammar;

use jiff::civil::Date;

use crate::random::Random;
use grammar::Grammar;

/// The kinds of business a parish council has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    Planning,
    Allotments,
    Burials,
    Finance,
    Highways,
    Footpaths,
    Play,
    Grants,
    Personnel,
    Hall,
    Environment,
    Governance,
    Events,
}

impl Topic {
    /// All of them, in the order of an agenda.
    pub const ALL: [Self; 13] = [
        Self::Planning,
        Self::Finance,
        Self::Highways,
        Self::Footpaths,
        Self::Allotments,
        Self::Burials,
        Self::Play,
        Self::Hall,
        Self::Environment,
        Self::Grants,
        Self::Events,
        Self::Governance,
        Self::Personnel,
    ];

    /// As headings and folders call it.
    pub fn heading(self) -> &'static str {
        match self {
            Self::Planning => "Planning",
            Self::Allotments => "Allotments",
            Self::Burials => "Burial ground",
            Self::Finance => "Finance",
            Self::Highways => "Highways and street lighting",
            Self::Footpaths => "Footpaths and rights of way",
            Self::Play => "Play area",
            Self::Grants => "Grants and donations",
            Self::Personnel => "Personnel",
            Self::Hall => "Village hall",
            Self::Environment => "Trees, flooding and open spaces",
            Self::Governance => "Governance and records",
            Self::Events => "Events",
        }
    }

    /// As the word lists call it.
    fn key(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Allotments => "allotments",
            Self::Burials => "burials",
            Self::Finance => "finance",
            Self::Highways => "highways",
            Self::Footpaths => "footpaths",
            Self::Play => "play",
            Self::Grants => "grants",
            Self::Personnel => "personnel",
            Self::Hall => "hall",
            Self::Environment => "environment",
            Self::Governance => "governance",
            Self::Events => "events",
        }
    }
}

/// Somebody writing about one topic on one day.
pub(crate) struct Writer<'a> {
    pub random: &'a mut Random,
    pub topic: Topic,
    pub today: Date,
    /// The first name of whoever is written to.
    pub addressee: &'a str,
}

impl<'a> Writer<'a> {
    /// A writer of papers, which address nobody.
    pub fn new(random: &'a mut Random, topic: Topic, today: Date) -> Self {
        Self { random, topic, today, addressee: "Councillor" }
    }

    /// One line of the word list with this name, filled in and begun with a capital.
    pub fn phrase(&mut self, symbol: &str) -> String {
        capitalised(Grammar::shared().expand(symbol, self))
    }

    /// The same, to be used within a sentence.
    pub fn lower(&mut self, symbol: &str) -> String {
        Grammar::shared().expand(symbol, self)
    }

    /// Some sentences of minutes or reports.
    pub fn paragraph(&mut self, sentences: u64) -> String {
        self.run_of("sentence", sentences)
    }

    /// Some sentences of a letter.
    pub fn letter_paragraph(&mut self, sentences: u64) -> String {
        self.run_of("line", sentences)
    }

    fn run_of(&mut self, symbol: &str, sentences: u64) -> String {
        let sentences: Vec<String> = (0..sentences).map(|_| self.phrase(symbol)).collect();
        sentences.join(" ")
    }
}

/// With its first letter raised.
pub(crate) fn capitalised(text: String) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if first.is_lowercase() => first.to_uppercase().chain(letters).collect(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::LAST_DAY;

    fn sample(topic: Topic, sentences: u64) -> String {
        let mut random = Random::of(7, topic.key());
        Writer::new(&mut random, topic, LAST_DAY).paragraph(sentences)
    }

    #[test]
    fn every_topic_writes_whole_sentences() {
        for topic in Topic::ALL {
            let text = sample(topic, 400);
            for wrong in ["{", "}", "\u{1}", "  ", " ,", " .", ",,"] {
                let place = text.find(wrong).map(|at| &text[..at]);
                assert_eq!(
                    place.map(|before| before.chars().rev().take(80).collect::<String>()),
                    None,
                    "{topic:?} {wrong:?}"
                );
            }
            let lower = text.split(". ").find(|sentence| sentence.starts_with(char::is_lowercase));
            assert_eq!(lower, None, "{topic:?}");
        }
    }

    #[test]
    fn plain_text_compresses_like_prose() {
        let text: String = Topic::ALL.map(|topic| sample(topic, 24)).join("\n\n");
        let packed = miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 6);
        let ratio = text.len() as f64 / packed.len() as f64;
        assert!((2.8..4.0).contains(&ratio), "{} bytes, {ratio:.2} to 1", text.len());
    }

    #[test]
    fn articles_agree_with_what_follows() {
        let text = Topic::ALL.map(|topic| sample(topic, 400)).join(" ");
        assert!(!text.contains(" a allowance") && !text.contains(" an budget") && text.contains(" an "));
    }
}
