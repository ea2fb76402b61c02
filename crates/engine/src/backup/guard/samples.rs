//! What may be noticed of a file, for the tests of the guard.

use chest_repo::local::Noticed;

/// It is no noise.
pub(super) const PLAIN: Noticed = Noticed {
    scrambled: false,
    plain: true,
    own_noise: false,
    newest: None,
    sought_newest: false,
    notebook_link: false,
};
/// Its bytes are noise, and its name promises nothing.
pub(super) const NOISE: Noticed = Noticed { plain: false, ..PLAIN };
/// They are noise, and its name says that its owner has encrypted it.
pub(super) const OWN_NOISE: Noticed = Noticed { own_noise: true, ..PLAIN };
/// They are noise, and its name promises something else.
pub(super) const SCRAMBLED: Noticed = Noticed { scrambled: true, ..NOISE };
