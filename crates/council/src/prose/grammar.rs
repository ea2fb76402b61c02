//! A small text grammar: word lists with slots, read once from the files beside this one and expanded at random.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::OnceLock;

use jiff::civil::Date;

use super::{Writer, capitalised};
use crate::calendar::{days_after, days_before, long_date, month_name, weekday_name};
use crate::people::{COUNCILLORS, resident_name, surname, telephone};
use crate::random::Random;

/// Stands for "a" or "an" until the word after it is known.
const ARTICLE: char = '\u{1}';

/// The compiled word lists.
pub(super) struct Grammar {
    rules: HashMap<&'static str, Rule>,
}

type Template = Vec<Piece>;

/// The lines of one section, and what topics put in their place.
#[derive(Default)]
struct Rule {
    common: Vec<Template>,
    by_topic: HashMap<&'static str, TopicLines>,
}

struct TopicLines {
    lines: Vec<Template>,
    /// Whether the common lines may be used as well.
    and_common: bool,
}

enum Piece {
    Literal(&'static str),
    Slot { name: &'static str, style: Style },
    MadeUp(MadeUp),
}

/// How the line that fills a slot is set.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Capital,
    /// With a space after it, unless it is empty.
    Spaced,
}

/// What is made up on the spot rather than chosen from a list.
#[derive(Clone, Copy)]
enum MadeUp {
    Article,
    Member,
    Resident,
    Addressee,
    Money,
    Number,
    Digit,
    Digits,
    Date,
    Future,
    Year,
    Letter,
    Reference,
    Application,
    Grave,
    Minute,
    Surname,
    Metres,
    Clock,
    Telephone,
    Grid,
}

impl Grammar {
    /// The word lists of this crate.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Grammar> = OnceLock::new();
        SHARED.get_or_init(|| {
            let mut grammar = Self { rules: HashMap::new() };
            for text in [include_str!("common.txt"), include_str!("topics.txt"), include_str!("mail.txt")] {
                grammar.read(text);
            }
            grammar.vary_words();
            grammar
        })
    }

    /// Turns words that have lines of their own, such as `[~village]`, into slots wherever they stand.
    fn vary_words(&mut self) {
        let words: Vec<&'static str> = self.rules.keys().filter(|name| name.starts_with('~')).copied().collect();
        for (_, rule) in self.rules.iter_mut().filter(|(name, _)| !name.starts_with('~')) {
            let topical = rule.by_topic.values_mut().flat_map(|topic| &mut topic.lines);
            for template in rule.common.iter_mut().chain(topical) {
                *template = std::mem::take(template).into_iter().flat_map(|piece| varied(piece, &words)).collect();
            }
        }
    }

    fn read(&mut self, text: &'static str) {
        let mut section = "";
        let mut lines: Vec<&'static str> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                Some(next) => {
                    self.add(section, std::mem::take(&mut lines));
                    section = next;
                }
                None => lines.push(line),
            }
        }
        self.add(section, lines);
    }

    fn add(&mut self, section: &'static str, mut lines: Vec<&'static str>) {
        // The blank line before the next heading parts sections; any other blank line is an empty choice.
        if lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let lines: Vec<Template> = lines.into_iter().map(template).collect();
        match section.split_once('/') {
            _ if section.is_empty() => {}
            None => self.rules.entry(section).or_default().common = lines,
            Some((topic, name)) => {
                let and_common = topic.starts_with('+');
                let topic = topic.trim_start_matches('+');
                self.rules.entry(name).or_default().by_topic.insert(topic, TopicLines { lines, and_common });
            }
        }
    }

    /// One line of this section, with everything in it filled in.
    pub fn expand(&self, symbol: &str, writer: &mut Writer) -> String {
        let mut text = String::with_capacity(200);
        self.expand_into(symbol, writer, &mut text);
        with_articles(text)
    }

    fn expand_into(&self, symbol: &str, writer: &mut Writer, text: &mut String) {
        let Some(template) = self.rules.get(symbol).and_then(|rule| rule.choose(writer)) else {
            return;
        };
        for piece in template {
            match *piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::MadeUp(what) => what.write(writer, text),
                Piece::Slot { name, style: Style::Plain } => self.expand_into(name, writer, text),
                Piece::Slot { name, style } => {
                    let mut inner = String::new();
                    self.expand_into(name, writer, &mut inner);
                    match style {
                        Style::Capital => inner = capitalised(inner),
                        _ if inner.is_empty() => {}
                        _ => inner.push(' '),
                    }
                    text.push_str(&inner);
                }
            }
        }
    }
}

impl Rule {
    fn choose(&self, writer: &mut Writer) -> Option<&Template> {
        let Some(own) = self.by_topic.get(writer.topic.key()) else {
            return self.common.get(writer.random.index(self.common.len()));
        };
        let shared = if own.and_common { self.common.len() } else { 0 };
        let at = writer.random.index(own.lines.len() + shared);
        own.lines.get(at).or_else(|| self.common.get(at - own.lines.len()))
    }
}

fn template(line: &'static str) -> Template {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        if !before.is_empty() {
            pieces.push(Piece::Literal(before));
        }
        pieces.push(slot(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest));
    }
    pieces
}

/// The piece, parted at the first of these words that it contains.
fn varied(piece: Piece, words: &[&'static str]) -> Vec<Piece> {
    let Piece::Literal(literal) = piece else { return vec![piece] };
    let earliest = words.iter().filter_map(|word| Some((find_word(literal, &word[1..])?, *word))).min();
    let Some((at, word)) = earliest else { return vec![Piece::Literal(literal)] };
    let mut pieces = vec![Piece::Literal(&literal[..at]), Piece::Slot { name: word, style: Style::Plain }];
    pieces.extend(varied(Piece::Literal(&literal[at + word.len() - 1..]), words));
    pieces
}

/// Where a word stands in a text, alone.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let joins = |letter: char| letter.is_alphanumeric() || "-'".contains(letter);
        !before.is_some_and(joins) && !after.is_some_and(joins)
    };
    text.match_indices(word).map(|(at, _)| at).find(|&at| alone(at))
}

fn slot(name: &'static str) -> Piece {
    if let Some(made_up) = MadeUp::named(name) {
        return Piece::MadeUp(made_up);
    }
    let (name, style) = match name.strip_suffix('_') {
        Some(name) => (name, Style::Spaced),
        None => (name, Style::Plain),
    };
    match name {
        "Paper" => Piece::Slot { name: "paper", style: Style::Capital },
        "Object" => Piece::Slot { name: "object", style: Style::Capital },
        "Opinion" => Piece::Slot { name: "opinion", style: Style::Capital },
        _ => Piece::Slot { name, style },
    }
}

fn with_articles(text: String) -> String {
    if !text.contains(ARTICLE) {
        return text;
    }
    let mut result = String::with_capacity(text.len() + 4);
    for (at, letter) in text.char_indices() {
        if letter != ARTICLE {
            result.push(letter);
            continue;
        }
        let next = text[at..].chars().find(|letter| letter.is_alphanumeric());
        result.push_str(if next.is_some_and(|next| "aeioAEIO8".contains(next)) { "an" } else { "a" });
    }
    result
}

impl MadeUp {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "a" => Self::Article,
            "member" => Self::Member,
            "resident" => Self::Resident,
            "first" => Self::Addressee,
            "money" => Self::Money,
            "number" => Self::Number,
            "digit" => Self::Digit,
            "digits" => Self::Digits,
            "date" => Self::Date,
            "future" => Self::Future,
            "year" => Self::Year,
            "letter" => Self::Letter,
            "reference" => Self::Reference,
            "application" => Self::Application,
            "grave" => Self::Grave,
            "minute" => Self::Minute,
            "surname" => Self::Surname,
            "metres" => Self::Metres,
            "clock" => Self::Clock,
            "telephone" => Self::Telephone,
            "grid" => Self::Grid,
            _ => return None,
        })
    }

    fn write(self, writer: &mut Writer, text: &mut String) {
        let today = writer.today;
        let year = i64::from(today.year());
        let random = &mut *writer.random;
        // Writing to a string cannot fail.
        let _ = match self {
            Self::Article => write!(text, "{ARTICLE}"),
            Self::Member => write!(text, "{}", member(random)),
            Self::Resident => write!(text, "{}", resident_name(random)),
            Self::Addressee => write!(text, "{}", writer.addressee),
            Self::Money => write!(text, "{}", money(random)),
            Self::Number => write!(text, "{}", random.between(2, 98)),
            Self::Digit => write!(text, "{}", random.between(2, 9)),
            Self::Digits => write!(text, "{:06}", random.below(1_000_000)),
            Self::Date => write!(text, "{}", loose_date(days_before(today, random.between(2, 60) as i64), random)),
            Self::Future => write!(text, "{}", loose_date(days_after(today, random.between(3, 45) as i64), random)),
            Self::Year => write!(text, "{}", year - 2 - random.below(60) as i64),
            Self::Letter => write!(text, "{}", char::from(b'A' + random.below(9) as u8)),
            Self::Reference => {
                write!(text, "{}/{year}/{:04}", random.pick(&["WPC", "EDC", "HW", "INV", "Q"]), random.below(10_000))
            }
            Self::Application => write!(
                text,
                "{:02}/{:05}/{}",
                year % 100,
                random.below(4000),
                random.pick(&["FUL", "HOU", "LBC", "TCA", "OUT", "TPO"])
            ),
            Self::Grave => write!(text, "{}{}", char::from(b'A' + random.below(9) as u8), random.between(1, 190)),
            Self::Minute => write!(text, "{}/{:02}", random.between(1, 240), year % 100),
            Self::Surname => write!(text, "{}", surname(random)),
            Self::Metres => write!(text, "{}.{} metres", random.between(1, 60), random.below(10)),
            Self::Clock => {
                write!(text, "{}.{:02} {}", random.between(1, 11), random.below(60), random.pick(&["am", "pm"]))
            }
            Self::Telephone => write!(text, "{}", telephone(random)),
            Self::Grid => write!(text, "ZX {:04} {:04}", random.below(10_000), random.below(10_000)),
        };
    }
}

/// Minutes name members by surname, mostly.
fn member(random: &mut Random) -> String {
    let name = *random.pick(&COUNCILLORS);
    match random.below(4) {
        0 => name.to_owned(),
        _ => format!("Cllr {}", name.rsplit(' ').next().unwrap_or(name)),
    }
}

/// People write dates as they please.
fn loose_date(day: Date, random: &mut Random) -> String {
    match random.below(5) {
        0 => format!("{} {}", day.day(), month_name(day)),
        1 => format!("{} {} {}", weekday_name(day), day.day(), month_name(day)),
        2 => format!("{:02}/{:02}/{}", day.day(), day.month(), day.year()),
        _ => long_date(day),
    }
}

fn money(random: &mut Random) -> String {
    let scale = *random.pick(&[40, 200, 900, 900, 4000, 18_000]);
    let pounds = random.between(scale / 8, scale);
    let text = if pounds >= 1000 { format!("{},{:03}", pounds / 1000, pounds % 1000) } else { pounds.to_string() };
    match random.below(3) {
        0 => format!("£{text}"),
        1 => format!("£{text}.{:02}", random.below(100)),
        _ => format!("£{text}.{}0", random.below(10)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prose::Topic;

    #[test]
    fn every_slot_has_lines_to_fill_it_whatever_the_topic() {
        let grammar = Grammar::shared();
        let templates = grammar
            .rules
            .values()
            .flat_map(|rule| rule.common.iter().chain(rule.by_topic.values().flat_map(|topic| &topic.lines)).flatten());
        for piece in templates {
            let Piece::Slot { name, .. } = piece else { continue };
            let rule = grammar.rules.get(name).unwrap_or_else(|| panic!("nothing fills {{{name}}}"));
            for topic in Topic::ALL {
                assert!(!rule.common.is_empty() || rule.by_topic.contains_key(topic.key()), "{{{name}}} for {topic:?}");
            }
        }
    }

    #[test]
    fn no_section_of_the_word_lists_is_given_twice() {
        let text = concat!(include_str!("common.txt"), include_str!("topics.txt"), include_str!("mail.txt"));
        let mut seen = std::collections::HashSet::new();
        for heading in text.lines().filter(|line| line.starts_with('[')) {
            assert!(seen.insert(heading.replace('+', "")), "{heading}");
        }
    }

    #[test]
    fn every_topic_of_the_word_lists_is_a_topic_of_the_council() {
        let known = Topic::ALL.map(Topic::key);
        for rule in Grammar::shared().rules.values() {
            assert!(rule.by_topic.keys().all(|topic| known.contains(topic)));
        }
    }
}
