//! Writes a council to disk, for benchmarks and for looking at: `generate DIR MIB SEED [WEEKS]`. The documents go to
//! `DIR/documents`, the mail to `DIR/mailboxes`; the given number of weeks of change is then applied.

use std::path::PathBuf;
use std::time::Instant;

use chest_council::{COUNCIL_NAME, Council};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, mebibytes, seed, rest @ ..] = &arguments[..] else {
        return Err("usage: generate DIR MIB SEED [WEEKS]".into());
    };
    let weeks: u32 = rest.first().map_or(Ok(0), |weeks| weeks.parse())?;
    let council = Council::new(seed.parse()?, mebibytes.parse::<u64>()? << 20);
    let (documents, mailboxes) = (PathBuf::from(dir).join("documents"), PathBuf::from(dir).join("mailboxes"));

    let start = Instant::now();
    let written = council.write_documents(&documents, &|_| {})?;
    println!("{COUNCIL_NAME}: {} documents, {:.1} MiB, {:.1?}", written.files, mib(written.bytes), start.elapsed());
    let start = Instant::now();
    let written = council.write_mailboxes(&mailboxes, &|_| {})?;
    println!("{} files of mail, {:.1} MiB, {:.1?}", written.files, mib(written.bytes), start.elapsed());
    for week in 1..=weeks {
        let change = council.week_of_change(week, &documents, &mailboxes)?;
        println!(
            "week {week}: {} added, {} modified, {} renamed, {} deleted; \
             {} messages saved, {} mailboxes grown; {:.1} MiB",
            change.added.len(),
            change.modified.len(),
            change.renamed.len(),
            change.deleted.len(),
            change.mail_added.len(),
            change.mail_grown.len(),
            mib(change.bytes)
        );
    }
    Ok(())
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
