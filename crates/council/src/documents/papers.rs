//! Papers of words: agendas, minutes, letters, reports, policies, invoices, forms.

use jiff::civil::Date;

use super::{Form, PaperPlan};
use crate::calendar::{Committee, days_after, days_before, long_date, weekday_name};
use crate::format::Block;
use crate::format::xlsx::pounds;
use crate::people::{
    CLERK_NAME, COUNCIL_ADDRESS, COUNCIL_NAME, COUNCIL_TELEPHONE, COUNCILLORS, correspondent, resident_name,
};
use crate::prose::{Topic, Writer};
use crate::random::Random;

/// Composes a paper in its current revision. Each paragraph has its own random stream, so that an edit changes one
/// paragraph and adds another, and leaves the rest as it was.
pub(crate) fn compose(plan: &PaperPlan, seed: u64, label: &str, revision: u32) -> Vec<Block> {
    let mut composer = Composer { plan, seed, label, revision, next: 0, blocks: Vec::new() };
    match plan.form {
        Form::Agenda(committee) => composer.agenda(committee),
        Form::Minutes(committee) => composer.minutes(committee),
        Form::Letter => composer.letter(),
        Form::Report => composer.report(),
        Form::Policy => composer.policy(),
        Form::Invoice => composer.invoice(),
        Form::Register => composer.register(),
    }
    composer.blocks
}

struct Composer<'a> {
    plan: &'a PaperPlan,
    seed: u64,
    label: &'a str,
    revision: u32,
    next: u32,
    blocks: Vec<Block>,
}

impl Composer<'_> {
    /// The stream of the next part of the paper; another one once an edit has come to that part.
    fn part(&mut self) -> Random {
        let part = self.next;
        self.next += 1;
        let parts = u64::from(self.plan.paragraphs.max(1));
        let hit =
            |edit: &u32| Random::of(self.seed, &format!("{}/edit/{edit}", self.label)).below(parts) == u64::from(part);
        let edits = (1..=self.revision).filter(hit).count();
        Random::of(self.seed, &format!("{}/part/{part}/{edits}", self.label))
    }

    fn say(&mut self, block: Block) {
        self.blocks.push(block);
    }

    fn title(&mut self) {
        self.say(Block::Title(COUNCIL_NAME.to_owned()));
        self.say(Block::Title(self.plan.title.clone()));
    }

    /// A paragraph about a topic, of so many sentences.
    fn paragraph(&mut self, topic: Topic, least: u64, most: u64) -> String {
        let mut random = self.part();
        let sentences = random.between(least, most);
        Writer::new(&mut random, topic, self.plan.date).paragraph(sentences)
    }

    /// The topic of part `index` of a paper that covers several.
    fn topic_of(&self, index: u16, committee: Committee) -> Topic {
        match committee {
            Committee::Planning => Topic::Planning,
            Committee::Finance if index.is_multiple_of(2) => Topic::Finance,
            Committee::Grounds => [Topic::Allotments, Topic::Burials, Topic::Environment][usize::from(index % 3)],
            _ => Topic::ALL[usize::from(index) % Topic::ALL.len()],
        }
    }

    fn minutes(&mut self, committee: Committee) {
        self.title();
        let date = self.plan.date;
        self.say(Block::Paragraph(format!(
            "Minutes of the meeting of the {} held on {} {} at 7.30 pm in the Village Hall, Church Lane, \
             Wrenlow-under-Edge.",
            committee.name(),
            weekday_name(date),
            long_date(date)
        )));
        self.attendance();
        let first = i64::from(date.month()) * 20;
        let items = self.plan.paragraphs + self.revision as u16;
        for item in 0..items {
            let topic = self.topic_of(item, committee);
            let number = format!("{}/{:02}", first + i64::from(item), date.year() % 100);
            self.say(Block::Heading(format!("{number}  {}", topic.heading())));
            for letter in ["a", "b"] {
                let text = self.paragraph(topic, 1, 5);
                self.say(Block::Numbered(format!("{number}{letter}"), text));
            }
            if topic == Topic::Finance {
                self.payments();
            }
        }
        let mut random = self.part();
        self.say(Block::Paragraph(format!(
            "The meeting closed at {}.{:02} pm.",
            random.between(8, 10),
            random.below(60)
        )));
        self.say(Block::Paragraph(
            "Signed ........................................ Chairman      Date ................".to_owned(),
        ));
    }

    fn attendance(&mut self) {
        let mut random = self.part();
        let absent = random.index(COUNCILLORS.len());
        let present: Vec<&str> =
            COUNCILLORS.iter().enumerate().filter(|(index, _)| *index != absent).map(|(_, name)| *name).collect();
        self.say(Block::Paragraph(format!("Present: {}.", present.join(", "))));
        self.say(Block::Paragraph(format!(
            "In attendance: {CLERK_NAME} (Clerk); {} members of the public. Apologies: {}.",
            random.between(0, 34),
            COUNCILLORS[absent]
        )));
    }

    /// The schedule of payments, as a table.
    fn payments(&mut self) {
        let mut random = self.part();
        let mut total = 0;
        self.say(Block::Row(["Payee", "For", "Reference", "Amount (£)"].map(str::to_owned).to_vec()));
        for _ in 0..random.between(4, 18) {
            let pence = random.between(900, 240_000) as i64;
            total += pence;
            let reference = format!("BACS {:05}", random.below(100_000));
            let mut writer = Writer::new(&mut random, Topic::Finance, self.plan.date);
            let payee = writer.phrase("contractor");
            self.say(Block::Row(vec![payee, writer.phrase("money_word"), reference, pounds(pence)]));
        }
        self.say(Block::Row(vec!["Total".to_owned(), String::new(), String::new(), pounds(total)]));
    }

    fn agenda(&mut self, committee: Committee) {
        self.title();
        let date = self.plan.date;
        self.say(Block::Paragraph(format!(
            "Members are summoned to the meeting of the {} on {} {} at 7.30 pm in the Village Hall. \
             The public and press are welcome.",
            committee.name(),
            weekday_name(date),
            long_date(date)
        )));
        for (number, item) in
            ["Apologies for absence", "Declarations of interest", "Public participation"].iter().enumerate()
        {
            self.say(Block::Numbered(format!("{}.", number + 1), (*item).to_owned()));
        }
        for item in 0..self.plan.paragraphs + self.revision as u16 {
            let topic = self.topic_of(item, committee);
            let mut random = self.part();
            let mut writer = Writer::new(&mut random, topic, date);
            let text = format!(
                "{}: to consider {} and to {} {}.",
                topic.heading(),
                writer.lower("paper"),
                writer.lower("act"),
                writer.lower("object")
            );
            self.say(Block::Numbered(format!("{}.", item + 4), text));
        }
        self.signature(days_before(date, 5));
    }

    fn signature(&mut self, date: Date) {
        self.say(Block::Paragraph(format!("{CLERK_NAME}, Clerk to the Council")));
        self.say(Block::Paragraph(format!("{COUNCIL_ADDRESS}. Telephone {COUNCIL_TELEPHONE}.")));
        self.say(Block::Paragraph(long_date(date)));
    }

    fn letter(&mut self) {
        let mut random = self.part();
        let person = correspondent(&mut random);
        let date = self.plan.date;
        let mut writer =
            Writer { random: &mut random, topic: self.plan.topic, today: date, addressee: &person.first_name() };
        let road = writer.phrase("road");
        let salutation = writer.phrase("salutation");
        let closing = writer.phrase("closing");
        self.say(Block::Paragraph(format!("{}, {} {road}, Wrenlow-under-Edge", person.name, random.between(1, 90))));
        self.say(Block::Paragraph(long_date(date)));
        self.say(Block::Paragraph(salutation));
        self.say(Block::Heading(self.plan.title.clone()));
        for _ in 0..self.plan.paragraphs + self.revision as u16 {
            let mut random = self.part();
            let sentences = random.between(2, 5);
            let mut writer =
                Writer { random: &mut random, topic: self.plan.topic, today: date, addressee: &person.first_name() };
            let text = writer.letter_paragraph(sentences);
            self.say(Block::Paragraph(text));
        }
        self.say(Block::Paragraph(closing));
        self.signature(date);
    }

    fn report(&mut self) {
        self.title();
        self.say(Block::Paragraph(format!("Report to the Council, {}", long_date(self.plan.date))));
        let headings = ["Summary", "Background", "What was found", "Costs", "Consultation", "Risks", "Recommendation"];
        let paragraphs = self.plan.paragraphs + self.revision as u16;
        for index in 0..paragraphs {
            if index % 3 == 0 {
                self.say(Block::Heading(headings[usize::from(index / 3) % headings.len()].to_owned()));
            }
            let text = self.paragraph(self.plan.topic, 2, 6);
            self.say(Block::Paragraph(text));
        }
        self.signature(self.plan.date);
    }

    fn policy(&mut self) {
        self.title();
        for section in 0..self.plan.paragraphs + self.revision as u16 {
            let mut random = self.part();
            let mut writer = Writer::new(&mut random, self.plan.topic, self.plan.date);
            let heading = format!("{}. {}", section + 1, writer.phrase("paper"));
            let clauses: Vec<String> = (0..3).map(|_| policy_clause(&mut writer)).collect();
            self.say(Block::Heading(heading));
            for (index, clause) in clauses.into_iter().enumerate() {
                self.say(Block::Numbered(format!("{}.{}", section + 1, index + 1), clause));
            }
        }
        self.say(Block::Paragraph(format!(
            "Adopted by the Council on {}. To be reviewed by {}.",
            long_date(self.plan.date),
            long_date(days_after(self.plan.date, 365))
        )));
    }

    fn invoice(&mut self) {
        let mut random = self.part();
        let mut writer = Writer::new(&mut random, self.plan.topic, self.plan.date);
        let lines: Vec<String> = (0..self.plan.paragraphs.max(1))
            .map(|_| format!("To {} {}{}", writer.lower("act"), writer.lower("object"), writer.lower("detail")))
            .collect();
        self.say(Block::Title(self.plan.title.clone()));
        self.say(Block::Paragraph(format!("To: {COUNCIL_NAME}, {COUNCIL_ADDRESS}")));
        self.say(Block::Paragraph(format!(
            "Date: {}      Your order: {:05}",
            long_date(self.plan.date),
            random.below(100_000)
        )));
        let mut net = 0;
        for line in lines {
            let pence = random.between(1_500, 95_000) as i64;
            net += pence;
            self.say(Block::Row(vec![line, pounds(pence)]));
        }
        let tax = net / 5;
        for (name, pence) in [("Net", net), ("VAT at 20%", tax), ("To pay within 30 days", net + tax)] {
            self.say(Block::Row(vec![name.to_owned(), pounds(pence)]));
        }
        self.say(Block::Paragraph(format!("Sort code 00-00-00, account {:08}.", random.below(100_000_000))));
    }

    /// A form with fields, such as a tenancy agreement or a notice of interment.
    fn register(&mut self) {
        self.title();
        let mut random = self.part();
        let (name, kin) = (resident_name(&mut random), resident_name(&mut random));
        let mut writer = Writer::new(&mut random, self.plan.topic, self.plan.date);
        let road = writer.phrase("road");
        let fields = [
            ("Full name", name),
            ("Address", format!("{} {road}", writer.random.between(1, 90))),
            ("Telephone", crate::people::telephone(writer.random)),
            ("Next of kin", kin),
            ("Concerning", writer.phrase("object")),
            ("Date", long_date(self.plan.date)),
            ("Fee paid", format!("£{}", pounds(writer.random.between(2_000, 90_000) as i64))),
        ];
        for (field, value) in fields {
            self.say(Block::Row(vec![field.to_owned(), value]));
        }
        for number in 0..self.plan.paragraphs + self.revision as u16 {
            let mut random = self.part();
            let clause = policy_clause(&mut Writer::new(&mut random, self.plan.topic, self.plan.date));
            self.say(Block::Numbered(format!("{}.", number + 1), clause));
        }
    }
}

/// A rule, as policies and agreements have them.
fn policy_clause(writer: &mut Writer) -> String {
    let who = writer.phrase("officer");
    let task = writer.lower("task");
    let condition = writer.lower("condition_clause");
    let event = writer.lower("event");
    match writer.random.below(4) {
        0 => format!("{who} shall {task} before {event}, provided that {condition}."),
        1 => format!("Where {condition}, {who} may {task}; {} shall be kept on file.", writer.lower("paper")),
        2 => format!("{} shall be {} each year, before {event}.", writer.phrase("paper"), writer.lower("papered")),
        _ => format!("Nobody may {} {} unless {condition}.", writer.lower("act"), writer.lower("object")),
    }
}
