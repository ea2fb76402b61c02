//! What is inside mailboxes. A backup stores a mailbox (an mbox file, a saved message, an Outlook data file) bit for bit, as
//! the ordinary file that it is; this crate is asked only by those who look for one message in it. It therefore does its best,
//! counts what it could not read, and never makes anything fail. It opens nothing by itself: it reads from what it is given.

mod attached;
mod base64;
mod bookkeeping;
mod calendar;
mod container;
mod continued;
mod date;
mod encoded_words;
mod head_date;
mod html;
mod identity;
mod lines;
mod mbox;
mod mime;
mod newest;
mod plain;
mod preview;
mod pst;
mod quoted;
mod searched;
mod single;
mod summary;
mod time_limit;
mod types;
mod uuencode;

use std::io::{Read, Seek, Write};
use std::ops::ControlFlow;

pub use bookkeeping::is_name_marked_deleted;
pub use container::{ContainerKind, NameSays, is_outlook_message, recognise};
pub use identity::identity;
pub use newest::{NewestDate, newest_in_pst};
pub use preview::{AttachmentInfo, AttachmentVisitor, Preview, attachment, damage_note, preview, visit_attachments};
pub use pst::PstError;
pub use time_limit::{TakesTooLong, TimeLimit, Watched};
pub use types::{Completeness, FoundMessage, Limits, Locator, MailError, Resume, Summary, Visited};

/// Both, as one trait object.
trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// Shows every message of a container to `visitor`, in the container's own order, until there is no more or it breaks off. Whatever
/// goes wrong is counted and told in the answer: what was shown before stays good.
pub fn visit<R: Read + Seek>(
    kind: ContainerKind,
    input: &mut R,
    from: Resume,
    limits: &Limits,
    visitor: &mut dyn FnMut(FoundMessage) -> ControlFlow<()>,
) -> Visited {
    match kind {
        ContainerKind::Mbox => mbox::visit(input, from, limits, visitor),
        ContainerKind::Message => single::visit(input, limits, visitor),
        ContainerKind::Pst => pst::visit(input, limits, visitor),
    }
}

/// One message, as the bytes of an `.eml` file: those that lie in the container, without the quoting that an mbox adds. An Outlook data file
/// holds no such bytes; of it the message is put together, in the same way each time.
pub fn raw<R: Read + Seek>(kind: ContainerKind, input: &mut R, locator: &Locator) -> Result<Vec<u8>, MailError> {
    let mut bytes = Vec::new();
    copy_raw(kind, input, locator, &mut bytes)?;
    Ok(bytes)
}

/// The same into a writer, for messages of any size.
pub fn copy_raw<R: Read + Seek>(
    kind: ContainerKind,
    input: &mut R,
    locator: &Locator,
    output: &mut dyn Write,
) -> Result<(), MailError> {
    match (kind, locator) {
        (ContainerKind::Mbox | ContainerKind::Message, Locator::Span { offset, length, unquote }) => {
            mbox::copy(input, *offset, *length, *unquote, output)
        }
        (ContainerKind::Pst, Locator::Item(item)) => pst::copy(input, item, output),
        _ => Err(MailError::NotThere),
    }
}
