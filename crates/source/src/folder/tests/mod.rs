//! The folder walker against real trees: odd ones, changing ones, and random ones.

mod changing;
mod excluding;
#[cfg(target_os = "linux")]
mod lent;
mod odd_trees;
mod permissions;
mod random;
mod reading;
mod support;
mod very_deep;
