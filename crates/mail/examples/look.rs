//! Shows what is inside mailboxes, and how fast: `look FILE` lists the messages of one; `look FILE FOLDER` also saves each as
//! `NUMBER.eml` and what is attached to it as `NUMBER.PLACE`. For scripts/mail-samples, which compares that with other programs.

use std::error::Error;
use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chest_mail::{
    ContainerKind, Limits, Locator, NewestDate, Resume, attachment, newest_in_pst, preview, raw, recognise, visit,
};
use chest_model::Timestamp;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let path = arguments.next().ok_or("which mailbox?")?;
    let mut head = Vec::new();
    File::open(&path)?.take(4096).read_to_end(&mut head)?;
    let Some(kind) = recognise(path.as_os_str().as_encoded_bytes(), &head) else {
        println!("no mailbox");
        return Ok(());
    };
    let found = list(kind, &path)?;
    newest(kind, &path)?;
    match arguments.next() {
        Some(folder) => save(kind, &path, &found, &folder),
        None => Ok(()),
    }
}

fn list(kind: ContainerKind, path: &Path) -> Result<Vec<Locator>, Box<dyn Error>> {
    let mut found = Vec::new();
    let begun = Instant::now();
    let visited = visit(kind, &mut File::open(path)?, Resume::Start, &Limits::default(), &mut |message| {
        let summary = message.summary;
        println!("{} | {} | {} | {:?}", summary.from, summary.to, summary.subject, summary.attachments);
        found.push(message.locator);
        ControlFlow::Continue(())
    });
    println!("{kind:?}: {visited:?}, {}", rate(path, begun)?);
    Ok(found)
}

fn newest(kind: ContainerKind, path: &Path) -> Result<(), Box<dyn Error>> {
    let any = Timestamp::new(i64::MAX, 0);
    let begun = Instant::now();
    let newest = match kind {
        ContainerKind::Pst => newest_in_pst(&mut File::open(path)?, any),
        _ => {
            let mut scanner = NewestDate::new(any);
            fs::read(path)?.chunks(1 << 20).for_each(|slice| scanner.feed(slice));
            scanner.newest()
        }
    };
    println!("newest date {newest:?}, {}", rate(path, begun)?);
    Ok(())
}

fn rate(path: &Path, begun: Instant) -> Result<String, Box<dyn Error>> {
    let (seconds, length) = (begun.elapsed().as_secs_f64(), fs::metadata(path)?.len());
    Ok(format!("{:.0} MB/s", length as f64 / 1e6 / seconds))
}

fn save(kind: ContainerKind, path: &Path, found: &[Locator], folder: &Path) -> Result<(), Box<dyn Error>> {
    for (number, locator) in found.iter().enumerate() {
        let message = raw(kind, &mut File::open(path)?, locator)?;
        for place in 0..preview(&message).attachments.len() {
            let (_, bytes) = attachment(&message, place).ok_or("an attachment that is listed is not there")?;
            fs::write(folder.join(format!("{number}.{place}")), bytes)?;
        }
        fs::write(folder.join(format!("{number}.eml")), message)?;
    }
    Ok(())
}
