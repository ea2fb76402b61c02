//! The council's mail: mailboxes that only grow at their end, and a folder of messages saved one by one.

mod headers;
pub(crate) mod mailbox;
mod message;

pub(crate) use mailbox::{Boxes, Mailbox};
