//! Spreadsheets and bank statements: the cash book, the budget, the burial register, the allotments, the assets, the
//! payroll.

use jiff::civil::Date;

use super::{Book, PlannedFile};
use crate::calendar::{days_after, days_before, financial_year, financial_year_start, month_name};
use crate::format::xlsx::{Cell, Sheet, Workbook, pounds};
use crate::people::{CLERK_NAME, given_names, resident_name, surname, telephone};
use crate::prose::{Topic, Writer};
use crate::random::Random;

/// A working week brings so many entries to a cash book.
pub(crate) const CASH_ROWS_PER_WEEK: u32 = 8;

/// Composes a spreadsheet in its current revision: every edit adds rows at the end and leaves the others alone.
pub(crate) fn compose(book: Book, begun: Date, seed: u64, file: &PlannedFile) -> Workbook {
    let ledger = Ledger { seed, label: &file.label, day: begun };
    let revision = file.revision;
    let (title, sheets) = match book {
        Book::Cash { rows } => ("Cash book", ledger.cash_book(rows + revision * CASH_ROWS_PER_WEEK)),
        Book::Budget => ("Budget", vec![ledger.budget()]),
        Book::Burials { rows } => ("Burial register", ledger.burial_register(rows, rows + revision)),
        Book::Allotments { plots } => ("Allotment rents", vec![ledger.allotments(plots + revision)]),
        Book::Assets { rows } => ("Asset register", vec![ledger.assets(rows + revision)]),
        Book::Payroll => ("Payroll", vec![ledger.payroll()]),
    };
    let (title, author) = (title.to_owned(), CLERK_NAME.to_owned());
    Workbook { title, author, created: file.modified, revision, sheets }
}

struct Ledger<'a> {
    seed: u64,
    label: &'a str,
    day: Date,
}

impl Ledger<'_> {
    /// The stream of one row, the same in every revision.
    fn row(&self, number: u32) -> Random {
        Random::of(self.seed, &format!("{}/row/{number}", self.label))
    }

    fn cash_book(&self, rows: u32) -> Vec<Sheet> {
        let mut payments = vec![headings(&["Date", "Payee", "Details", "Reference", "Net", "VAT", "Gross"])];
        let mut receipts = vec![headings(&["Date", "From", "Details", "Reference", "Amount"])];
        let mut totals = [0; 4];
        let start = financial_year_start(self.day);
        for number in 0..rows {
            let mut random = self.row(number);
            let day = days_after(start, i64::from(number * 7 / CASH_ROWS_PER_WEEK));
            let topic = *random.pick(&Topic::ALL);
            match random.chance(78) {
                true => payments.push(payment(&mut random, topic, day, &mut totals)),
                false => receipts.push(receipt(&mut random, topic, day, &mut totals)),
            }
        }
        let [net, tax, gross, received] = totals;
        let total = || Cell::Heading("Total".to_owned());
        let sums = [Cell::SumAbove(net), Cell::SumAbove(tax), Cell::SumAbove(gross)];
        payments.push([total(), Cell::Empty, Cell::Empty, Cell::Empty].into_iter().chain(sums).collect());
        receipts.push(vec![total(), Cell::Empty, Cell::Empty, Cell::Empty, Cell::SumAbove(received)]);
        let summary = vec![
            headings(&["Summary", "Amount"]),
            vec![Cell::Text("Receipts".to_owned()), Cell::Pence(received)],
            vec![Cell::Text("Payments".to_owned()), Cell::Pence(-gross)],
            vec![Cell::Heading("Surplus or deficit".to_owned()), Cell::SumAbove(received - gross)],
        ];
        vec![sheet("Payments", payments), sheet("Receipts", receipts), sheet("Summary", summary)]
    }

    fn budget(&self) -> Sheet {
        let mut rows = vec![headings(&["Heading", "Last year", "This year", "Spent to date", "Notes"])];
        let mut totals = [0; 3];
        for number in 0..48 {
            let mut random = self.row(number);
            let topic = Topic::ALL[number as usize % Topic::ALL.len()];
            let amounts = [(); 3].map(|()| random.between(10_000, 900_000) as i64);
            totals.iter_mut().zip(amounts).for_each(|(total, amount)| *total += amount);
            let mut writer = Writer::new(&mut random, topic, self.day);
            let (heading, note) = (writer.phrase("object"), writer.phrase("reason"));
            let [last, this, spent] = amounts.map(Cell::Pence);
            rows.push(vec![Cell::Text(format!("{}: {heading}", topic.heading())), last, this, spent, Cell::Text(note)]);
        }
        rows.push([Cell::Heading("Total".to_owned())].into_iter().chain(totals.map(Cell::SumAbove)).collect());
        sheet(&format!("Budget {}", financial_year(self.day)), rows)
    }

    /// The register as it was begun, and what came after.
    fn burial_register(&self, begun: u32, count: u32) -> Vec<Sheet> {
        let mut burials = vec![headings(&[
            "Entry",
            "Surname",
            "Given names",
            "Age",
            "Buried",
            "Grave",
            "Depth (ft)",
            "Officiant",
            "Remarks",
        ])];
        let mut deeds = vec![headings(&["Deed", "Grave", "Owner", "Telephone", "Granted", "Fee"])];
        for number in 0..count {
            let mut random = self.row(number);
            let buried = days_before(self.day, (i64::from(begun) - i64::from(number)) * 9);
            let grave = format!("{}{}", char::from(b'A' + random.below(9) as u8), random.between(1, 190));
            let mut writer = Writer::new(&mut random, Topic::Burials, buried);
            let remarks = writer.phrase("fact");
            burials.push(vec![
                Cell::Whole(i64::from(number) + 1),
                Cell::Text(surname(&mut random).to_owned()),
                Cell::Text(given_names(&mut random)),
                Cell::Whole(random.between(1, 103) as i64),
                Cell::Day(buried),
                Cell::Text(grave.clone()),
                Cell::Whole(*random.pick(&[4, 6, 6, 6, 8])),
                Cell::Text(resident_name(&mut random)),
                Cell::Text(remarks),
            ]);
            deeds.push(vec![
                Cell::Text(format!("D{:05}", number + 200)),
                Cell::Text(grave),
                Cell::Text(resident_name(&mut random)),
                Cell::Text(telephone(&mut random)),
                Cell::Day(buried),
                Cell::Pence(random.between(15_000, 120_000) as i64),
            ]);
        }
        vec![sheet("Burials", burials), sheet("Deeds", deeds)]
    }

    fn allotments(&self, plots: u32) -> Sheet {
        let mut rows = vec![headings(&["Plot", "Tenant", "Telephone", "Rods", "Since", "Rent", "Notes"])];
        let mut total = 0;
        for number in 0..plots {
            let mut random = self.row(number);
            let rent = random.between(1_200, 6_400) as i64;
            total += rent;
            let note = Writer::new(&mut random, Topic::Allotments, self.day).phrase("fact");
            rows.push(vec![
                Cell::Whole(i64::from(number) + 1),
                Cell::Text(resident_name(&mut random)),
                Cell::Text(telephone(&mut random)),
                Cell::Whole(*random.pick(&[5, 5, 10, 10, 15])),
                Cell::Day(days_before(self.day, random.between(20, 9_000) as i64)),
                Cell::Pence(rent),
                Cell::Text(note),
            ]);
        }
        let blank = [(); 4].map(|()| Cell::Empty);
        rows.push(
            [Cell::Heading("Total".to_owned())].into_iter().chain(blank).chain([Cell::SumAbove(total)]).collect(),
        );
        sheet("Rents", rows)
    }

    fn assets(&self, count: u32) -> Sheet {
        let mut rows = vec![headings(&["Number", "Asset", "Where", "Bought", "Cost", "Insured for"])];
        let mut totals = [0; 2];
        for number in 0..count {
            let mut random = self.row(number);
            let cost = random.between(2_000, 1_500_000) as i64;
            totals[0] += cost;
            totals[1] += cost * 13 / 10;
            let topic = *random.pick(&[Topic::Play, Topic::Highways, Topic::Hall, Topic::Burials, Topic::Environment]);
            let mut writer = Writer::new(&mut random, topic, self.day);
            let (asset, place) = (writer.phrase("object"), writer.phrase("place"));
            rows.push(vec![
                Cell::Whole(i64::from(number) + 1),
                Cell::Text(asset),
                Cell::Text(place),
                Cell::Day(days_before(self.day, random.between(30, 15_000) as i64)),
                Cell::Pence(cost),
                Cell::Pence(cost * 13 / 10),
            ]);
        }
        let blank = [(); 3].map(|()| Cell::Empty);
        rows.push(
            [Cell::Heading("Total".to_owned())].into_iter().chain(blank).chain(totals.map(Cell::SumAbove)).collect(),
        );
        sheet("Assets", rows)
    }

    fn payroll(&self) -> Sheet {
        let mut rows = vec![headings(&["Month", "Employee", "NI number", "Hours", "Gross", "Tax", "Pension", "Net"])];
        for number in 0..36 {
            let mut random = self.row(number);
            let month = days_after(financial_year_start(self.day), i64::from(number / 3) * 31);
            let (gross, hours) = (random.between(40_000, 190_000) as i64, random.between(20, 140) as i64);
            let (tax, pension) = (gross / 7, gross * 6 / 100);
            rows.push(vec![
                Cell::Text(month_name(month).to_owned()),
                Cell::Text([CLERK_NAME, "Ivo Stallard", "Bethan Crake"][number as usize % 3].to_owned()),
                // No real number begins with these letters.
                Cell::Text(format!("QQ {:02} {:02} {:02} C", random.below(100), random.below(100), random.below(100))),
                Cell::Whole(hours),
                Cell::Pence(gross),
                Cell::Pence(tax),
                Cell::Pence(pension),
                Cell::Pence(gross - tax - pension),
            ]);
        }
        sheet("Payroll", rows)
    }
}

fn payment(random: &mut Random, topic: Topic, day: Date, totals: &mut [i64; 4]) -> Vec<Cell> {
    let net = random.between(600, 180_000) as i64;
    let tax = if random.chance(60) { net / 5 } else { 0 };
    totals[0] += net;
    totals[1] += tax;
    totals[2] += net + tax;
    let reference = format!("BACS {:06}", random.below(1_000_000));
    let mut writer = Writer::new(random, topic, day);
    let (payee, details) = (writer.phrase("contractor"), writer.phrase("object"));
    [Cell::Day(day), Cell::Text(payee), Cell::Text(details), Cell::Text(reference)]
        .into_iter()
        .chain([net, tax, net + tax].map(Cell::Pence))
        .collect()
}

fn receipt(random: &mut Random, topic: Topic, day: Date, totals: &mut [i64; 4]) -> Vec<Cell> {
    let amount = random.between(1_000, 90_000) as i64;
    totals[3] += amount;
    let (payer, reference) = (resident_name(random), format!("R{:05}", random.below(100_000)));
    let details = Writer::new(random, topic, day).phrase("object");
    vec![Cell::Day(day), Cell::Text(payer), Cell::Text(details), Cell::Text(reference), Cell::Pence(amount)]
}

fn headings(names: &[&str]) -> Vec<Cell> {
    names.iter().map(|name| Cell::Heading((*name).to_owned())).collect()
}

fn sheet(name: &str, rows: Vec<Vec<Cell>>) -> Sheet {
    Sheet { name: name.to_owned(), rows }
}

/// A month of the current account, as the bank lets one download it.
pub(crate) fn statement(seed: u64, label: &str, day: Date) -> Vec<Vec<String>> {
    let mut random = Random::of(seed, label);
    let mut balance = random.between(1_000_000, 9_000_000) as i64;
    let mut rows = vec![["Date", "Type", "Description", "Paid out", "Paid in", "Balance"].map(str::to_owned).to_vec()];
    for number in 0..random.between(30, 140) as i64 {
        let date = days_before(day, 31 - number / 5);
        let amount = random.between(500, 160_000) as i64;
        let (kind, paid_in) =
            *random.pick(&[("BACS", false), ("DD", false), ("CHQ", false), ("FPI", true), ("CR", true)]);
        balance += if paid_in { amount } else { -amount };
        let party = match paid_in {
            true => resident_name(&mut random),
            false => Writer::new(&mut random, Topic::Finance, day).phrase("contractor"),
        };
        let description = format!("{} {:06}", party.to_uppercase(), random.below(1_000_000));
        let (out, into) = if paid_in { (String::new(), pounds(amount)) } else { (pounds(amount), String::new()) };
        rows.push(vec![
            date.strftime("%d/%m/%Y").to_string(),
            kind.to_owned(),
            description,
            out,
            into,
            pounds(balance),
        ]);
    }
    rows
}
