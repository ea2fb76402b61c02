//! Shows what is inside a mailbox: `look FILE` lists its messages, `look FILE FOLDER` saves them as `.eml` files too. For comparing with
//! other programs.

use std::fs::File;
use std::io::{BufReader, Read};
use std::ops::ControlFlow;
use std::path::PathBuf;

use chest_mail::{Limits, Resume, raw, recognise, visit};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let path = arguments.next().ok_or("which mailbox?")?;
    let folder = arguments.next();
    let mut head = Vec::new();
    File::open(&path)?.take(4096).read_to_end(&mut head)?;
    let kind = recognise(path.as_os_str().as_encoded_bytes(), &head).ok_or("this is no mailbox")?;
    let mut found = Vec::new();
    let visited =
        visit(kind, &mut BufReader::new(File::open(&path)?), Resume::Start, &Limits::default(), &mut |message| {
            let summary = &message.summary;
            println!("{} | {} | {} | {:?}", summary.from, summary.to, summary.subject, summary.attachments);
            found.push(message.locator);
            ControlFlow::Continue(())
        });
    println!("{kind:?}: {visited:?}");
    for (number, locator) in folder.iter().flat_map(|_| found.iter().enumerate()) {
        let bytes = raw(kind, &mut File::open(&path)?, locator)?;
        std::fs::write(folder.iter().collect::<PathBuf>().join(format!("{number}.eml")), bytes)?;
    }
    Ok(())
}
