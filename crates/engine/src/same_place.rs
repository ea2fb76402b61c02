//! Whether two paths are one place at different times: that of an export or a folder of exports often bears the day in it.

use chest_source::form_of_export;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// So many digits are a day. Fewer, and so a year alone, may tell one folder from another.
const DIGITS_OF_A_DAY: usize = 5;

/// Whether what came out of one path and later out of another came out of one place. An export's own name may differ in any number.
pub(crate) fn is_same_place(one: &[u8], other: &[u8], are_exports: bool) -> bool {
    let parts = |path: &[u8]| -> Vec<Vec<u8>> { path.split(|byte| *byte == b'/').map(<[u8]>::to_vec).collect() };
    let (one, other) = (parts(one), parts(other));
    let last = one.len() - 1;
    let is_same = |(at, (one, other)): (usize, (&Vec<u8>, &Vec<u8>))| {
        one == other
            || is_dated_anew(one, other)
            || (are_exports && at == last && form_of_export(one) == form_of_export(other))
    };
    one.len() == other.len() && one.iter().zip(&other).enumerate().all(is_same)
}

/// Whether a name differs from another in nothing but the day that it bears.
pub(crate) fn is_dated_anew(one: &[u8], other: &[u8]) -> bool {
    let is_dated = |name: &[u8]| name.iter().filter(|byte| byte.is_ascii_digit()).count() >= DIGITS_OF_A_DAY;
    is_dated(one) && is_dated(other) && letters(one) == letters(other)
}

/// Whether there is a folder in this path on this computer, whatever is in it.
pub(crate) fn is_still_a_folder(path: &[u8]) -> bool {
    Path::new(OsStr::from_bytes(path)).is_dir()
}

/// A name without digits, signs and capitals.
pub(crate) fn letters(name: &[u8]) -> Vec<u8> {
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    name.iter().filter(|byte| is_letter(byte)).map(u8::to_ascii_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_or_the_number_of_an_export_makes_no_other_place_of_a_path_and_anything_else_does() {
        let is_same =
            |one: &str, other: &str, are_exports| is_same_place(one.as_bytes(), other.as_bytes(), are_exports);
        for (one, other) in [
            ("/home/clerk/docs", "/home/clerk/docs"),
            ("/exports/2026-11-14/Inbox.mbox", "/exports/2026-11-21/Inbox.mbox"),
            ("/exports/Week of 14 Nov 2026/docs", "/exports/week of 21 nov 2026/docs"),
        ] {
            assert!(is_same(one, other, false) && is_same(one, other, true), "{one} {other}");
        }
        for (one, other) in [
            ("/home/clerk/docs", "/home/chair/docs"),
            ("/home/clerk/docs", "/home/clerk/old/docs"),
            ("/media/disk 1/docs", "/media/disk 2/docs"),
            ("/Council 2/docs", "/Council 2026/docs"),
            ("/Accounts 2025/docs", "/Accounts 2026/docs"),
        ] {
            assert!(!is_same(one, other, false) && !is_same(one, other, true), "{one} {other}");
        }
        for (one, other) in [("Export.zip", "Export (1).zip"), ("OneDrive_1_14-11-2026.zip", "OneDrive_2_1-1-2027.zip")]
        {
            assert!(is_same(one, other, true), "{one} {other}");
        }
        assert!(!is_same("Export.zip", "Export (1).zip", false));
        assert!(!is_same("disk 1/Export.zip", "disk 2/Export.zip", true));
    }
}
