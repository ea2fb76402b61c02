//! Whether a file still holds what its name promises, judged by its first bytes while it is read for the backup. What encrypts
//! a council's files to extort money leaves names that say "letter" over bytes that say nothing; one such file may be an
//! accident, many are not.
//!
//! Bytes that look like noise, or that are all the same, are held against a name: a picture called `.txt` is nobody's attack. One byte
//! again and again, mostly zero, is what a failing disk, erased flash or a broken synchronisation leaves, and no kind of document begins so. Some kinds
//! begin in one way only, and whatever else begins a file of such a name is held against it: what encrypts files may write what looks like text.
//! What says nothing under a name that promises nothing is counted too: it means nothing by itself, and much where as much that said
//! something has gone as it has come. What encrypts parts of files and leaves their beginnings is not seen.

/// So many bytes of a file are looked at.
pub(in crate::backup) const HEAD: usize = 4 << 10;
/// Fewer say nothing.
const FEWEST: usize = 512;

/// Kinds of files that begin in a way that can be told from noise.
const PROMISING: [&str; 46] = [
    "bmp", "csv", "db", "doc", "docm", "docx", "dot", "dotx", "eml", "gif", "htm", "html", "ics", "jpeg", "jpg",
    "json", "log", "mbox", "md", "mdb", "accdb", "msg", "odp", "ods", "odt", "one", "pdf", "png", "pps", "ppsx", "ppt",
    "pptx", "pst", "pub", "rtf", "svg", "tif", "tiff", "txt", "vcf", "xls", "xlsm", "xlsx", "xml", "webp", "zip",
];

/// Those of them that begin in one way only. (A `.doc` or `.xls` may be a page or a table in truth: programs save such.)
const STRICT: [&str; 18] = [
    "accdb", "docm", "docx", "dotx", "gif", "jpeg", "jpg", "odp", "ods", "odt", "pdf", "png", "ppsx", "pptx", "pst",
    "xlsm", "xlsx", "zip",
];

/// No file of these kinds has nothing but zeros behind so many bytes.
const LONGEST_MARK: usize = 64;

/// What people themselves add to a name when they encrypt or compress a file.
const OWN_DOING: [&str; 22] = [
    "7z", "age", "asc", "axx", "br", "bz2", "enc", "gpg", "gz", "hc", "kdb", "kdbx", "lz4", "p12", "p7m", "pgp", "rar",
    "tc", "vault", "xz", "zip", "zst",
];

/// How known kinds of files begin.
const BEGINNINGS: [&[u8]; 68] = [
    b"PK",
    b"\xd0\xcf\x11\xe0",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"II*\0",
    b"MM\0*",
    b"{\\rtf",
    b"BM",
    b"RIFF",
    b"ID3",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"!BDN",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\x00\x01\x00\x00",
    // What macOS keeps of a file in a second one, `._photo.jpg`, as it does and as it did.
    b"\x00\x05\x16\x07",
    b"\x00\x05\x16\x00",
    b"\xe4\x52\x5c\x7b",
    b"SQLite",
    b"%!PS",
    b"OggS",
    b"fLaC",
    b"\x00\x00\x01\x00",
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"\x78\x9f\x3e\x22",
    b"<?xml",
    b"\x03\xd9\xa2\x9a",
    b"OTTO",
    b"wOFF",
    b"wOF2",
    b"ttcf",
    b"true",
    b"\x1aE\xdf\xa3",
    b"\x30\x26\xb2\x75",
    b"FLV\x01",
    b"\x00\x00\x01\xba",
    b"\x00\x00\x01\xb3",
    b"\x00\x00\x00\x0cjP",
    b"\x00\x00\x00\x0cJXL",
    b"\xff\x0a",
    b"\xff\xfb",
    b"\xff\xf3",
    b"\xff\xf1",
    b"\xff\xf9",
    b"IIU\0",
    b"IIR",
    b"FUJIFILM",
    b"FORM",
    b"8BPS",
    b"AT&TFORM",
    b"AC10",
    b"MSCF",
    b"LUKS",
    b"LZIP",
    b"\x04\x22\x4d\x18",
    b"\x78\x01",
    b"\x78\x9c",
    b"\x78\xda",
    b"age-encryption",
    b"xar!",
    b"!<arch>",
    b"\xed\xab\xee\xdb",
];

/// How a file looks beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::backup) enum Looks {
    /// It says something, or is too short to.
    Plain,
    /// It says nothing, and its name says that its owner has encrypted it; or somebody else, who calls it so.
    OwnNoise,
    /// It says nothing, and its name promises nothing. Disk images may begin so.
    Noise,
    /// Its name promises a document, and it is none.
    Scrambled,
}

/// How a file of this name looks that begins like this.
pub(in crate::backup) fn looks(name: &[u8], head: &[u8]) -> Looks {
    let head = &head[..head.len().min(HEAD)];
    let says = says(name);
    if is_one_byte(head) {
        return match says {
            Says::OwnDoing => Looks::Plain,
            Says::Document => Looks::Scrambled,
            Says::Nothing => Looks::Noise,
        };
    }
    if head.len() < FEWEST {
        return Looks::Plain;
    }
    let is_of_one_beginning = ends_in_one_of(name, &STRICT);
    if begins_well(head) {
        return if is_of_one_beginning && is_hollow(head) { Looks::Scrambled } else { Looks::Plain };
    }
    match says {
        _ if is_of_one_beginning => Looks::Scrambled,
        _ if !is_noise(head) => Looks::Plain,
        Says::OwnDoing => Looks::OwnNoise,
        Says::Document => Looks::Scrambled,
        Says::Nothing => Looks::Noise,
    }
}

/// Whether a file's name says that its owner has encrypted or compressed it.
pub(super) fn is_own_doing(name: &[u8]) -> bool {
    says(name) == Says::OwnDoing
}

/// What can be told by the name of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// A kind of file that begins in a known way.
    Document,
    /// Its owner has encrypted or compressed it.
    OwnDoing,
    Nothing,
}

/// By the last extension that says something: what encrypts files adds strange ones, often several, and with full stops in
/// them (`minutes.docx.id[1E857D00-2822].[help@example.org].phobos`).
fn says(name: &[u8]) -> Says {
    let one_says = |part: &[u8]| match part {
        _ if is_in(&PROMISING, part) => Some(Says::Document),
        _ if is_in(&OWN_DOING, part) => Some(Says::OwnDoing),
        _ => None,
    };
    let Some(stem) = name.iter().position(|byte| *byte == b'.') else { return Says::Nothing };
    name[stem + 1..].rsplit(|byte| *byte == b'.').find_map(one_says).unwrap_or(Says::Nothing)
}

fn is_in(list: &[&str], part: &[u8]) -> bool {
    list.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(part))
}

/// Whether the very last extension is one of these: `photo.jpg.xmp` is no photograph.
fn ends_in_one_of(name: &[u8], list: &[&str]) -> bool {
    name.iter().rposition(|byte| *byte == b'.').is_some_and(|stop| is_in(list, &name[stop + 1..]))
}

/// Zeros say that there is nothing, however few; of another byte it takes some.
fn is_one_byte(head: &[u8]) -> bool {
    let Some(&first) = head.first() else { return false };
    (first == 0 || head.len() >= FEWEST) && head.iter().all(|byte| *byte == first)
}

/// A mark, and then nothing.
fn is_hollow(head: &[u8]) -> bool {
    head.len() >= FEWEST && head[LONGEST_MARK..].iter().all(|byte| *byte == 0)
}

fn begins_well(head: &[u8]) -> bool {
    let has = |needle: &[u8], within: usize| {
        head[..head.len().min(within)].windows(needle.len()).any(|window| window == needle)
    };
    BEGINNINGS.iter().any(|beginning| head.starts_with(beginning)) || has(b"%PDF-", 1024) || has(b"ftyp", 12)
}

/// Whether every byte is about as frequent as every other: the entropy of the bytes, in bits each, is near what as many
/// random ones have. (Of 512 random bytes some 7.6 bits are expected, of 4,096 some 7.95.)
fn is_noise(head: &[u8]) -> bool {
    let mut counts = [0u32; 256];
    head.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let length = head.len() as f64;
    let share = |count: u32| f64::from(count) / length;
    let entropy: f64 =
        counts.iter().filter(|count| **count > 0).map(|count| -share(*count) * share(*count).log2()).sum();
    entropy > if head.len() < 2048 { 7.3 } else { 7.7 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        blake3::Hasher::new().update(b"noise").finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn noise_under_a_name_that_promises_a_document_is_scrambled() {
        for name in [
            "Minutes.docx",
            "ACCOUNTS.XLSX",
            "plan.pdf",
            "letter.txt",
            "minutes.docx.locked",
            "a.jpg.id-7F.abc",
            "minutes.DOCX.id[1E857D00-2822].[help@x.example].phobos",
            "accounts.v2.xlsx.id-7F2A.[pay@mail.example.org].wallet.dharma",
        ] {
            for length in [600, 4096] {
                assert_eq!(looks(name.as_bytes(), &noise(length)), Looks::Scrambled, "{name}");
            }
        }
    }

    #[test]
    fn one_byte_from_the_beginning_on_is_no_document_and_zeros_are_none_however_short() {
        for (name, expected) in [
            ("Minutes.docx", Looks::Scrambled),
            ("letter.txt", Looks::Scrambled),
            ("in.mbox", Looks::Scrambled),
            ("disk.img", Looks::Noise),
            ("machine.vhdx", Looks::Noise),
            ("Inbox", Looks::Noise),
            ("vault.hc", Looks::Plain),
        ] {
            let name = name.as_bytes();
            for length in [1, 600, HEAD, 3 * HEAD] {
                assert_eq!(looks(name, &vec![0; length]), expected, "{name:?}, {length}");
            }
            for byte in [0xff, b'A', b' '] {
                assert_eq!(looks(name, &[byte; FEWEST]), expected, "{name:?}, {byte}");
                assert_eq!(looks(name, &[byte; FEWEST - 1]), Looks::Plain, "{name:?}, {byte}: a line of signs");
            }
            assert_eq!(looks(name, b""), Looks::Plain, "{name:?}");
            assert_eq!(looks(name, &[&[0; HEAD][..], b"x"].concat()), expected, "{name:?}");
        }
        // One other byte says that it is something, and none that there is nothing.
        for name in [&b"letter.txt"[..], b"in.mbox", b"disk.img", b"Inbox"] {
            assert_eq!(looks(name, &[&[0; HEAD - 1][..], b"x"].concat()), Looks::Plain, "{name:?}");
        }
    }

    #[test]
    fn what_begins_in_one_way_only_is_scrambled_where_anything_else_begins_it_or_nothing_follows() {
        let text = b"Your files are encrypted. Pay. ".repeat(40);
        let base64 = b"VGhlIGNvdW5jaWwgcmVzb2x2ZWQgdG8gYXBwcm92ZSB0aGUgbWludXRlcw1x7Qz9".repeat(40);
        let prefixed = [&b"LOCKEDBY"[..], &[0; 600], &noise(4096)].concat();
        let hollow = [&b"%PDF-1.7\n"[..], &[0; HEAD]].concat();
        for head in [&text[..], &base64, &prefixed, &hollow, &b"\x01\x02\x03\x04".repeat(600)] {
            for name in ["Minutes.docx", "plan.PDF", "hall.jpg", "accounts.xlsx"] {
                assert_eq!(looks(name.as_bytes(), head), Looks::Scrambled, "{name}: {:?}", &head[..8]);
            }
        }
        // Programs save pages and tables under the names of old documents, and notes beside a photograph under its name and more.
        for name in ["report.doc", "table.xls", "notes.txt", "hall.jpg.xmp", "hall.jpg.json", "minutes.pdf.txt"] {
            assert_eq!(looks(name.as_bytes(), &text), Looks::Plain, "{name}");
        }
        let beside = [&b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X"[..], &[1; 600]].concat();
        assert_eq!(looks(b"._hall.jpg", &beside), Looks::Plain);
        assert_eq!(looks(b"note.pdf", &text[..FEWEST - 1]), Looks::Plain, "too short to say");
        assert_eq!(looks(b"disk.zip", &[&b"PK\x03\x04"[..], &noise(4000)].concat()), Looks::Plain);
    }

    #[test]
    fn what_people_encrypt_or_compress_themselves_is_not() {
        for name in ["minutes.docx.gpg", "accounts.xlsx.7z", "notes", "key.bin", "old.zip.enc", "mail.mbox.gz"] {
            assert_ne!(looks(name.as_bytes(), &noise(4096)), Looks::Scrambled, "{name}");
        }
        for name in ["minutes.docx.gpg", "minutes.pdf.2026-11-22.gpg", "Safe.HC", "passwords.kdbx", "old.tar.xz"] {
            assert_eq!(looks(name.as_bytes(), &noise(4096)), Looks::OwnNoise, "{name}");
            assert!(is_own_doing(name.as_bytes()), "{name}");
        }
        assert_eq!(
            looks(b"minutes.docx.age", &[&b"age-encryption.org/v1\n"[..], &noise(4000)[..]].concat()),
            Looks::Plain
        );
        assert!(!is_own_doing(b"minutes.docx"));
    }

    #[test]
    fn noise_under_a_name_that_promises_nothing_is_no_broken_promise_and_not_plain() {
        for name in ["kX93jfa", "7f3a.q9z", "docx", "minutes.bin"] {
            assert_eq!(looks(name.as_bytes(), &noise(4096)), Looks::Noise, "{name}");
        }
    }

    #[test]
    fn whatever_begins_as_photographs_films_fonts_and_archives_do_is_plain_under_any_name() {
        let beginnings: [&[u8]; 9] = [
            b"\xff\xd8\xff\xe1",
            b"\0\0\0\x18ftypmp42",
            b"\0\0\0\x20ftypheic",
            b"PK\x03\x04",
            b"\x03\xd9\xa2\x9a\x67",
            b"!BDN",
            b"wOF2",
            b"\x1aE\xdf\xa3",
            b"7z\xbc\xaf\x27\x1c",
        ];
        for beginning in beginnings {
            assert_eq!(
                looks(b"something.unheard-of", &[beginning, &noise(4000)].concat()),
                Looks::Plain,
                "{beginning:?}"
            );
        }
    }

    #[test]
    fn neither_is_a_file_that_begins_as_some_known_kind_or_is_plain_or_short() {
        let zip = [&b"PK\x03\x04"[..], &noise(4000)].concat();
        let late_pdf = [&[b' '; 100][..], b"%PDF-1.7", &noise(4000)].concat();
        let text = b"The council resolved to approve the minutes of the last meeting. ".repeat(60);
        let utf16: Vec<u8> = text.iter().flat_map(|byte| [*byte, 0]).collect();
        let base64 =
            b"VGhlIGNvdW5jaWwgcmVzb2x2ZWQgdG8gYXBwcm92ZSB0aGUgbWludXRlcw1x7Qz9+/kLmNoPqRsTuVwXyZ0123456".repeat(40);
        for head in [&zip[..], &late_pdf, &text, &utf16, &base64, &noise(511), b""] {
            for name in [&b"minutes.doc"[..], b"minutes"] {
                assert_eq!(looks(name, head), Looks::Plain, "{:?}", &head[..head.len().min(8)]);
            }
        }
    }
}
