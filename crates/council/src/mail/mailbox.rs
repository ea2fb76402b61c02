//! Which messages each mailbox holds. Every message follows from the seed, its mailbox and its number alone: those up
//! to zero, the older the lower, were there at the start; those from one on came in the weeks after.

use jiff::civil::Date;

use super::message::{Attachment, Message};
use crate::calendar::{Moment, days_before, mailbox_date};
use crate::documents::places::sanitised;
use crate::documents::plan::{Plan, estimate};
use crate::documents::render::Renderer;
use crate::documents::week::friday_of;
use crate::documents::{Content, PlannedFile};
use crate::error::CouncilError;
use crate::people::{self, Person};
use crate::prose::{Topic, Writer};
use crate::random::Random;

/// What a message comes to, on average; only the spacing of dates depends on it.
const MESSAGE_BYTES: u64 = 48 * 1024;
/// What a message comes to without its attachments.
const BODY_BYTES: u64 = 5_000;
/// Nobody attaches more to a message.
const LARGEST_ATTACHMENT: u64 = 5 * 1024 * 1024 / 2;
const DAY: i64 = 86_400;
const YEARS_KEPT: i64 = 6;
/// Below the mailboxes folder: where messages are saved one by one.
const SAVED_FOLDER: &str = "Saved messages";

/// Each mailbox, and how much of the mail it has, in hundredths.
const SHARES: [(Kind, u64); 4] = [(Kind::Clerk, 45), (Kind::Chair, 20), (Kind::Planning, 17), (Kind::Saved, 18)];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Clerk,
    Chair,
    Planning,
    /// Messages that the clerk saved as files.
    Saved,
}

/// All mail of the council.
pub(crate) struct Boxes {
    pub boxes: Vec<Mailbox>,
    /// What may be attached, the oldest first.
    pool: Vec<PlannedFile>,
    renderer: Renderer,
}

/// One mailbox.
pub(crate) struct Mailbox {
    kind: Kind,
    seed: u64,
    last_day: Date,
    /// The number of the oldest message.
    pub oldest: i64,
    per_week: i64,
    /// Seconds between messages before the first week.
    gap: i64,
    largest_attachment: u64,
}

impl Boxes {
    /// The mail of this council, of about so many bytes; what is attached comes from the documents of the plan.
    pub fn new(seed: u64, bytes: u64, last_day: Date, plan: &Plan) -> Self {
        let mut pool: Vec<PlannedFile> = plan.files.values().filter(|file| can_be_sent(file)).cloned().collect();
        pool.sort_by(|a, b| (a.modified, &a.path).cmp(&(b.modified, &b.path)));
        let boxes = SHARES.map(|(kind, share)| Mailbox::new(kind, seed, bytes * share / 100, last_day, &pool));
        Self { boxes: boxes.into(), pool, renderer: Renderer::new(seed) }
    }

    /// One message, as it stands in an mbox file.
    pub fn mbox_entry(&self, mailbox: &Mailbox, number: i64) -> Result<Vec<u8>, CouncilError> {
        let message = mailbox.message(number, &self.pool, &self.renderer)?;
        let text = message.write();
        let mut entry = String::with_capacity(text.len() + 200);
        entry.push_str(&format!("From {} {}\n", message.from.address, mailbox_date(message.date)));
        for line in text.split_inclusive('\n') {
            // mboxrd: whatever would pass for the start of a message gets one more quote.
            if line.trim_start_matches('>').starts_with("From ") {
                entry.push('>');
            }
            entry.push_str(line);
        }
        entry.push('\n');
        Ok(entry.into_bytes())
    }

    /// One message as a file of its own: its path, its time and its bytes.
    pub fn saved_message(&self, mailbox: &Mailbox, number: i64) -> Result<(String, Moment, Vec<u8>), CouncilError> {
        let message = mailbox.message(number, &self.pool, &self.renderer)?;
        let bytes = message.write().replace('\n', "\r\n").into_bytes();
        Ok((mailbox.saved_path(number), message.date, bytes))
    }
}

fn can_be_sent(file: &PlannedFile) -> bool {
    !matches!(file.content, Content::Odd(_)) && !file.path.starts_with("Copy of") && !file.path.starts_with("Personnel")
}

impl Mailbox {
    fn new(kind: Kind, seed: u64, bytes: u64, last_day: Date, pool: &[PlannedFile]) -> Self {
        let expected = (bytes / MESSAGE_BYTES).max(1) as i64;
        let gap = (YEARS_KEPT * 365 * DAY / expected).min(2 * DAY);
        let largest_attachment = (bytes / 12).min(LARGEST_ATTACHMENT);
        let mut mailbox = Self { kind, seed, last_day, oldest: i64::MIN, per_week: 0, gap, largest_attachment };
        let size = |number| mailbox.estimate(number, pool);
        let mut count = 0;
        let mut planned = 0;
        while planned < bytes {
            planned += size(-count);
            count += 1;
        }
        mailbox.oldest = 1 - count.max(1);
        mailbox.per_week = (count / 150).max(3);
        mailbox
    }

    /// The file, below the mailboxes folder; `None` where messages are saved one by one.
    pub fn file(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Clerk => Some("clerk.mbox"),
            Kind::Chair => Some("chair.mbox"),
            Kind::Planning => Some("planning.mbox"),
            Kind::Saved => None,
        }
    }

    /// The numbers of the messages that came in this week.
    pub fn week(&self, week: u32) -> std::ops::RangeInclusive<i64> {
        let first = (i64::from(week) - 1) * self.per_week + 1;
        first..=first + self.per_week - 1
    }

    /// When a message was sent: later than every message with a lower number.
    pub fn date(&self, number: i64) -> Moment {
        let jitter = |spread: i64| self.stream(number, "date").below(spread.max(1) as u64) as i64;
        if number <= 0 {
            let end = Moment::evening_of(self.last_day).seconds;
            return Moment { seconds: end + number * self.gap - jitter(self.gap), nanoseconds: 0 };
        }
        let (week, place) = ((number - 1) / self.per_week + 1, (number - 1) % self.per_week);
        let friday = friday_of(self.last_day, u32::try_from(week).unwrap_or(u32::MAX));
        // From Monday morning to Friday evening.
        let (start, end) =
            (Moment::evening_of(days_before(friday, 5)).seconds + DAY / 2, Moment::evening_of(friday).seconds);
        let step = (end - start) / self.per_week;
        Moment { seconds: start + place * step + jitter(step), nanoseconds: 0 }
    }

    fn stream(&self, number: i64, purpose: &str) -> Random {
        Random::of(self.seed, &format!("mail/{:?}/{number}/{purpose}", self.kind))
    }

    fn estimate(&self, number: i64, pool: &[PlannedFile]) -> u64 {
        let attached: u64 = self.attachments(number, pool).iter().map(|file| estimate(&file.content)).sum();
        BODY_BYTES + attached * 137 / 100
    }

    /// What goes with a message: the council's own files, from shortly before it was sent.
    fn attachments<'a>(&self, number: i64, pool: &'a [PlannedFile]) -> Vec<&'a PlannedFile> {
        let mut random = self.stream(number, "attachments");
        if !random.chance(34) {
            return Vec::new();
        }
        let date = self.date(number);
        let known = pool.partition_point(|file| file.modified <= date).clamp(1, pool.len());
        let recent = &pool[known.saturating_sub(60)..known];
        let chosen: Vec<&PlannedFile> = (0..random.between(1, 3)).map(|_| random.pick(recent)).collect();
        chosen.into_iter().filter(|file| estimate(&file.content) <= self.largest_attachment).collect()
    }

    /// The message that this one answers, if it answers one.
    fn parent(&self, number: i64) -> Option<i64> {
        let mut random = self.stream(number, "parent");
        let parent = number - 1 - random.below(9) as i64;
        (random.chance(55) && parent >= self.oldest).then_some(parent)
    }

    /// The messages before this one in its thread, the first one first.
    fn thread(&self, number: i64) -> Vec<i64> {
        let mut thread: Vec<i64> = std::iter::successors(self.parent(number), |&before| self.parent(before)).collect();
        thread.reverse();
        thread
    }

    fn owner(&self) -> Person {
        match self.kind {
            Kind::Clerk | Kind::Saved => people::clerk(),
            Kind::Chair => people::chair(),
            Kind::Planning => people::planning_officer(),
        }
    }

    /// Who writes to whom: the two of a thread take turns.
    fn people(&self, root: i64, depth: usize) -> (Person, Person) {
        let mut random = self.stream(root, "people");
        let other =
            if random.chance(25) { people::councillor(&mut random) } else { people::correspondent(&mut random) };
        match depth.is_multiple_of(2) ^ random.chance(40) {
            true => (other, self.owner()),
            false => (self.owner(), other),
        }
    }

    fn topic(&self, root: i64) -> Topic {
        match self.kind {
            Kind::Planning => Topic::Planning,
            _ => *self.stream(root, "topic").pick(&Topic::ALL),
        }
    }

    fn subject(&self, root: i64, depth: usize) -> String {
        let mut random = self.stream(root, "subject");
        let subject = Writer::new(&mut random, self.topic(root), self.date(root).day()).phrase("subject");
        if depth > 0 { format!("Re: {subject}") } else { subject }
    }

    fn id(&self, number: i64, domain: &str) -> String {
        let mut random = self.stream(number, "id");
        format!("{:016x}.{:06x}@{domain}", random.next(), random.below(1 << 24))
    }

    fn id_within(&self, root: i64, depth: usize, number: i64) -> String {
        self.id(number, self.people(root, depth).0.domain())
    }

    /// What the writer of this message adds of their own.
    fn own_words(&self, number: i64, root: i64, addressee: &Person, sender: &Person) -> String {
        let mut random = self.stream(number, "words");
        let paragraphs = random.between(1, 4);
        let today = self.date(number).day();
        let mut writer =
            Writer { random: &mut random, topic: self.topic(root), today, addressee: &addressee.first_name() };
        let mut parts = vec![writer.phrase("salutation")];
        for _ in 0..paragraphs {
            let sentences = writer.random.between(1, 4);
            parts.push(writer.letter_paragraph(sentences));
        }
        parts.push(format!("{}\n{}", writer.phrase("closing"), sender.name));
        parts.join("\n\n")
    }

    fn message(&self, number: i64, pool: &[PlannedFile], renderer: &Renderer) -> Result<Message, CouncilError> {
        let thread = self.thread(number);
        let (depth, root) = (thread.len(), thread.first().copied().unwrap_or(number));
        let (from, to) = self.people(root, depth);
        let mut body = self.own_words(number, root, &to, &from);
        if let Some(&parent) = thread.last() {
            // The person now written to wrote the message before.
            let quoted = self.own_words(parent, root, &from, &to).replace('\n', "\n> ");
            body.push_str(&format!("\n\nOn {}, {} wrote:\n> {quoted}", self.date(parent).day(), to.name));
        }
        let mut random = self.stream(number, "shape");
        let copies = if random.chance(25) { vec![people::councillor(&mut random)] } else { Vec::new() };
        let attachments = self.attachments(number, pool).into_iter().map(|file| {
            let name = file.path.rsplit('/').next().unwrap_or_default().to_owned();
            Ok(Attachment { name, bytes: renderer.render(file)? })
        });
        Ok(Message {
            id: self.id_within(root, depth, number),
            references: thread.iter().enumerate().map(|(depth, &number)| self.id_within(root, depth, number)).collect(),
            date: self.date(number),
            from,
            to,
            copies,
            subject: self.subject(root, depth),
            body,
            with_html: random.chance(60),
            attachments: attachments.collect::<Result<_, CouncilError>>()?,
        })
    }

    /// Where a message is saved, below the mailboxes folder.
    fn saved_path(&self, number: i64) -> String {
        let thread = self.thread(number);
        let subject = self.subject(thread.first().copied().unwrap_or(number), thread.len());
        let day = self.date(number).day();
        let mark = self.stream(number, "id").next() >> 40;
        format!("{SAVED_FOLDER}/{}/{day} {} {mark:06x}.eml", day.year(), sanitised(&subject))
    }
}

#[cfg(test)]
mod tests {
    use mail_parser::mailbox::mbox::MessageIterator;
    use mail_parser::{MessageParser, MimeHeaders};

    use super::*;
    use crate::calendar::LAST_DAY;

    fn boxes() -> Boxes {
        let plan = Plan::base(5, 3 << 20, LAST_DAY);
        Boxes::new(5, 3 << 20, LAST_DAY, &plan)
    }

    #[test]
    fn an_independent_parser_reads_every_message_of_every_mailbox() {
        let boxes = boxes();
        let mut quoted_lines = 0;
        for mailbox in boxes.boxes.iter().filter(|mailbox| mailbox.file().is_some()) {
            let numbers = mailbox.oldest..=mailbox.per_week;
            let count = numbers.clone().count();
            let mbox: Vec<u8> = numbers.flat_map(|number| boxes.mbox_entry(mailbox, number).unwrap()).collect();
            quoted_lines += mbox.split(|&byte| byte == b'\n').filter(|line| line.starts_with(b">From ")).count();
            let raw: Vec<_> = MessageIterator::new(&mbox[..]).map(|message| message.unwrap()).collect();
            assert_eq!(raw.len(), count, "{:?}", mailbox.kind);
            for message in raw {
                let parsed = MessageParser::default().parse(message.contents()).unwrap();
                assert!(parsed.message_id().is_some() && parsed.subject().is_some() && parsed.date().is_some());
                assert!(parsed.body_text(0).is_some_and(|body| body.contains("\n")));
            }
        }
        assert!(quoted_lines > 0, "no line needed the quoting of mboxrd");
    }

    #[test]
    fn saved_messages_carry_the_councils_own_documents_unchanged() {
        let boxes = boxes();
        let mut checked = 0;
        for mailbox in &boxes.boxes {
            for number in mailbox.oldest..=0 {
                let (_, _, bytes) = boxes.saved_message(mailbox, number).unwrap();
                let parsed = MessageParser::default().parse(&bytes).unwrap();
                let expected = mailbox.attachments(number, &boxes.pool);
                assert_eq!(parsed.attachment_count(), expected.len());
                for (attachment, file) in parsed.attachments().zip(expected) {
                    assert!(file.path.ends_with(attachment.attachment_name().unwrap()), "{}", file.path);
                    assert_eq!(attachment.contents(), boxes.renderer.render(file).unwrap(), "{}", file.path);
                    checked += 1;
                }
            }
        }
        assert!(checked > 5, "only {checked} attachments");
    }

    #[test]
    fn bodies_and_headers_survive_their_encodings() {
        let boxes = boxes();
        let mailbox = &boxes.boxes[0];
        for number in mailbox.oldest..=0 {
            let message = mailbox.message(number, &boxes.pool, &boxes.renderer).unwrap();
            let written = message.write();
            let parsed = MessageParser::default().parse(written.as_bytes()).unwrap();
            assert_eq!(parsed.subject(), Some(message.subject.as_str()));
            assert_eq!(parsed.body_text(0).unwrap().trim_end(), message.body.trim_end());
            let from = parsed.from().unwrap().first().unwrap();
            assert_eq!(
                (from.name(), from.address()),
                (Some(message.from.name.as_str()), Some(message.from.address.as_str()))
            );
        }
    }

    #[test]
    fn replies_name_a_message_of_the_mailbox_that_is_older() {
        let boxes = boxes();
        for mailbox in &boxes.boxes {
            let message = |number| mailbox.message(number, &boxes.pool, &boxes.renderer).unwrap();
            let replies = (mailbox.oldest..=9).filter(|&number| mailbox.parent(number).is_some());
            for number in replies {
                let parent = mailbox.parent(number).unwrap();
                assert_eq!(message(number).references.last(), Some(&message(parent).id));
                assert_eq!(message(number).from, message(parent).to);
                assert!(mailbox.date(parent) < mailbox.date(number));
            }
        }
    }

    #[test]
    fn dates_rise_with_the_numbers() {
        for mailbox in &boxes().boxes {
            let dates: Vec<Moment> = (mailbox.oldest..20).map(|number| mailbox.date(number)).collect();
            assert!(dates.is_sorted(), "{:?}", mailbox.kind);
        }
    }
}
