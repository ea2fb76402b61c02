//! The kinds of mailboxes as the catalogue numbers them.

use chest_mail::ContainerKind;

/// The number of a kind of mailbox in the catalogue.
pub(super) fn number(kind: ContainerKind) -> u8 {
    match kind {
        ContainerKind::Mbox => 0,
        ContainerKind::Message => 1,
        ContainerKind::Pst => 2,
    }
}

/// The kind of that number.
pub(super) fn kind_of(number: u8) -> Option<ContainerKind> {
    [ContainerKind::Mbox, ContainerKind::Message, ContainerKind::Pst].get(usize::from(number)).copied()
}
