//! Disks in memory, in a namespace in which every user may mount: not where a container or the system forbids such namespaces, nor where
//! `unshare` and `mount` are not installed. Other packages' tests include this file by its path: the kit for tests stands above this crate.

use std::process::Command;
use std::{env, io};

/// Set where tests must not be ignored, whatever the machine forbids.
pub const MUST_MOUNT: &str = "CHEST_TESTS_MUST_MOUNT";

/// About to run what is added to it, where it may mount.
pub fn in_own_namespace() -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount"]);
    unshare
}

/// A line that says why tests that mount are ignored here; `None` where they are to run.
pub fn why_ignored() -> io::Result<Option<String>> {
    why_ignored_for("no disk in memory can be mounted here", obstacle_to_mounting)
}

/// The same of tests that take another right: what cannot be done without it, and what is in the way of it.
#[allow(clippy::disallowed_methods)] // Tests have no settings but variables.
pub fn why_ignored_for(
    cannot: &str,
    obstacle: impl FnOnce() -> io::Result<Option<String>>,
) -> io::Result<Option<String>> {
    if env::var_os(MUST_MOUNT).is_some() {
        return Ok(None);
    }
    let line = |obstacle| format!("ignored, because {cannot}: {obstacle} (with {MUST_MOUNT}=1 it fails instead)");
    Ok(obstacle()?.map(line))
}

fn obstacle_to_mounting() -> io::Result<Option<String>> {
    let place = tempfile::tempdir()?;
    let mut mount = in_own_namespace();
    mount.args(["mount", "-t", "tmpfs", "none"]).arg(place.path());
    let answer = match mount.output() {
        Ok(answer) if answer.status.success() => return Ok(None),
        Ok(answer) => answer,
        Err(error) => return Ok(Some(format!("unshare cannot be started: {error}"))),
    };
    let complaint = String::from_utf8_lossy(&answer.stderr);
    let first = complaint.lines().next().map_or_else(|| format!("unshare ended with {}", answer.status), str::to_owned);
    Ok(Some(first))
}
