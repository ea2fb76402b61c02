//! What is mounted where, as the system tells it. A folder can be shown in a second place, and no path says so.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// A place where something is mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mount {
    point: PathBuf,
    /// The system's number of what is mounted: two places with the same one show parts of the same thing.
    device: String,
}

/// Everything that is mounted.
pub struct Mounts(Vec<Mount>);

impl Mounts {
    /// As it is now. Systems that do not tell it so have none of a kind that a path does not show.
    pub fn now() -> Self {
        Self::parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    /// `ID PARENT DEVICE ROOT POINT …`, one a line.
    fn parse(text: &[u8]) -> Self {
        let mount = |line: &[u8]| {
            let mut fields = line.split(|&byte| byte == b' ').skip(2);
            let device = String::from_utf8_lossy(fields.next()?).into_owned();
            let point = PathBuf::from(OsString::from_vec(unescape(fields.nth(1)?)));
            Some(Mount { point, device })
        };
        Self(text.split(|&byte| byte == b'\n').filter_map(mount).collect())
    }

    /// Where, below a folder, something of the same device as the other path is mounted. Only those can show what lies there; no
    /// other is looked at, for a share that has gone away would not answer.
    pub fn below_with_device_of(&self, folder: &Path, other: &Path) -> Vec<&Path> {
        let of_other = self.0.iter().filter(|mount| other.starts_with(&mount.point));
        // Of several at one point the last is the one that is seen.
        let Some(of_other) = of_other.max_by_key(|mount| mount.point.components().count()) else { return Vec::new() };
        let is_below = |mount: &&Mount| mount.point != folder && mount.point.starts_with(folder);
        let below = self.0.iter().filter(is_below).filter(|mount| mount.device == of_other.device);
        below.map(|mount| mount.point.as_path()).collect()
    }
}

/// Spaces and the like are written as three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, after @ ..] = rest {
        let digits = after.get(..3).filter(|_| *first == b'\\').and_then(|three| str::from_utf8(three).ok());
        match digits.and_then(|three| u8::from_str_radix(three, 8).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[3..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"22 1 254:0 / / rw - ext4 /dev/vda rw\n\
        30 22 0:5 / /home/far rw - nfs far:/x rw\n\
        31 22 254:0 /srv/chest /home/a\\040second\\134place rw shared:1 - ext4 /dev/vda rw\n\
        32 22 8:1 / /media/usb rw - ext4 /dev/sda1 rw\n";

    #[test]
    fn only_mounts_of_the_same_device_below_the_folder_are_given() {
        let mounts = Mounts::parse(TEXT);
        let below = |folder: &str, other: &str| mounts.below_with_device_of(folder.as_ref(), other.as_ref());
        assert_eq!(below("/home", "/srv/chest/repository"), [Path::new("/home/a second\\place")]);
        assert!(below("/home", "/media/usb/repository").is_empty());
        assert!(below("/srv", "/srv/chest/repository").is_empty());
        assert!(below("/home/a second\\place", "/srv/chest/repository").is_empty());
    }

    #[test]
    fn what_this_system_tells_is_understood() {
        assert!(Mounts::now().0.iter().any(|mount| mount.point == Path::new("/")));
    }
}
