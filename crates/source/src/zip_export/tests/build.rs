//! Archives made byte by byte: what no library would write.

/// One member, with everything that can be said of it.
#[derive(Clone)]
pub struct Made {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub made_by: u16,
    pub attributes: u32,
    pub dos: (u16, u16),
    /// In the directory only.
    pub extra: Vec<u8>,
    /// What the headers say instead of what is true.
    pub crc: Option<u32>,
    pub size: Option<u32>,
    /// Whether checksum and lengths follow the data.
    pub follows: bool,
    /// Whether sizes and position stand in a Zip64 field.
    pub zip64: bool,
}

/// 20 November 2026, 09:30.
pub const DOS: (u16, u16) = (46 << 9 | 11 << 5 | 20, 9 << 11 | 30 << 5);
pub const UTF_8: u16 = 1 << 11;
pub const UNIX: u16 = 3 << 8;

pub fn stored(name: &str, data: &[u8]) -> Made {
    let (name, data) = (name.as_bytes().to_vec(), data.to_vec());
    Made {
        name,
        data,
        method: 0,
        flags: UTF_8,
        made_by: 0,
        attributes: 0,
        dos: DOS,
        extra: Vec::new(),
        crc: None,
        size: None,
        follows: false,
        zip64: false,
    }
}

pub fn deflated(name: &str, data: &[u8]) -> Made {
    Made { method: 8, ..stored(name, data) }
}

/// How the archive ends.
#[derive(Clone, Copy, Default)]
pub struct End {
    pub zip64: bool,
    /// What Zip64's locator says; OneDrive says 0.
    pub disks: u32,
    /// What the end says beyond the members that there are.
    pub more_members: u16,
}

pub fn archive(members: &[Made]) -> Vec<u8> {
    archive_ending(members, End::default())
}

/// Header positions of the members, the archive up to its directory, and the directory.
fn parts(members: &[Made]) -> (Vec<u64>, Vec<u8>, Vec<u8>) {
    let (mut positions, mut out, mut directory) = (Vec::new(), Vec::new(), Vec::new());
    for member in members {
        let position = out.len() as u64;
        positions.push(position);
        let packed = match member.method {
            8 => miniz_oxide::deflate::compress_to_vec(&member.data, 6),
            _ => member.data.clone(),
        };
        let crc = member.crc.unwrap_or_else(|| crc32fast::hash(&member.data));
        let size = member.size.unwrap_or(member.data.len() as u32);
        let packed_len = if member.method == 0 { size } else { packed.len() as u32 };
        let flags = member.flags | if member.follows { 1 << 3 } else { 0 };
        let told = if member.follows { [0; 3] } else { [crc, packed_len, size] };
        out.extend_from_slice(b"PK\x03\x04");
        put16(&mut out, &[45, flags, member.method, member.dos.1, member.dos.0]);
        put32(&mut out, &told);
        put16(&mut out, &[member.name.len() as u16, 0]);
        out.extend_from_slice(&member.name);
        out.extend_from_slice(&packed);
        if member.follows {
            out.extend_from_slice(b"PK\x07\x08");
            put32(&mut out, &[crc, packed_len, size]);
        }
        let mut extra = member.extra.clone();
        let (mut sizes, mut header) = ([crc, packed_len, size], position as u32);
        if member.zip64 {
            put16(&mut extra, &[1, 24]);
            for value in [u64::from(size), u64::from(packed_len), position] {
                extra.extend_from_slice(&value.to_le_bytes());
            }
            (sizes, header) = ([crc, u32::MAX, u32::MAX], u32::MAX);
        }
        directory.extend_from_slice(b"PK\x01\x02");
        put16(&mut directory, &[member.made_by, 45, flags, member.method, member.dos.1, member.dos.0]);
        put32(&mut directory, &sizes);
        put16(&mut directory, &[member.name.len() as u16, extra.len() as u16, 0, 0, 0]);
        put32(&mut directory, &[member.attributes, header]);
        directory.extend_from_slice(&member.name);
        directory.extend_from_slice(&extra);
    }
    (positions, out, directory)
}

pub fn archive_ending(members: &[Made], end: End) -> Vec<u8> {
    let (_, mut out, directory) = parts(members);
    close(&mut out, &directory, members.len() as u16, end);
    out
}

/// With a comment at its end.
pub fn with_comment(mut bytes: Vec<u8>, comment: &[u8]) -> Vec<u8> {
    let at = bytes.len() - 2;
    bytes[at..].copy_from_slice(&(comment.len() as u16).to_le_bytes());
    bytes.extend_from_slice(comment);
    bytes
}

/// An end that names so many members and this place for their directory.
pub fn end_record(members: u16, length: u32, start: u32) -> Vec<u8> {
    let mut out = b"PK\x05\x06".to_vec();
    put16(&mut out, &[0, 0, members, members]);
    put32(&mut out, &[length, start]);
    put16(&mut out, &[0]);
    out
}

/// An archive whose directory does not name the member at `hidden`.
pub fn archive_hiding(members: &[Made], hidden: usize) -> Vec<u8> {
    let (positions, mut out, _) = parts(members);
    let mut directory = Vec::new();
    for (at, member) in members.iter().enumerate().filter(|(at, _)| *at != hidden) {
        let mut record = parts(std::slice::from_ref(member)).2;
        record[42..46].copy_from_slice(&(positions[at] as u32).to_le_bytes());
        directory.extend(record);
    }
    close(&mut out, &directory, members.len() as u16 - 1, End::default());
    out
}

/// The same, but every directory record names the header of the first member.
pub fn archive_of_one_body(members: &[Made]) -> Vec<u8> {
    let (_, mut out, _) = parts(&members[..1]);
    let mut directory = Vec::new();
    for member in members {
        directory.extend(parts(std::slice::from_ref(member)).2);
    }
    close(&mut out, &directory, members.len() as u16, End::default());
    out
}

fn close(out: &mut Vec<u8>, directory: &[u8], members: u16, end: End) {
    let start = out.len() as u64;
    out.extend_from_slice(directory);
    let members = members + end.more_members;
    let (mut count, mut place) = (members, [directory.len() as u32, start as u32]);
    if end.zip64 {
        let record = out.len() as u64;
        out.extend_from_slice(b"PK\x06\x06");
        out.extend_from_slice(&44_u64.to_le_bytes());
        put16(out, &[45, 45]);
        put32(out, &[0, 0]);
        for value in [u64::from(members), u64::from(members), directory.len() as u64, start] {
            out.extend_from_slice(&value.to_le_bytes());
        }
        out.extend_from_slice(b"PK\x06\x07");
        put32(out, &[0]);
        out.extend_from_slice(&record.to_le_bytes());
        put32(out, &[end.disks]);
        (count, place) = (u16::MAX, [u32::MAX; 2]);
    }
    out.extend_from_slice(b"PK\x05\x06");
    put16(out, &[0, 0, count, count]);
    put32(out, &place);
    put16(out, &[0]);
}

/// One extra field.
pub fn field(number: u16, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    put16(&mut out, &[number, bytes.len() as u16]);
    out.extend_from_slice(bytes);
    out
}

fn put16(out: &mut Vec<u8>, values: &[u16]) {
    values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
}

fn put32(out: &mut Vec<u8>, values: &[u32]) {
    values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
}
