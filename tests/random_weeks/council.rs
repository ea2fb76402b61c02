//! A council: what lies on its computer and in its cloud, and what befalls both in a week.

use crate::cli_support::Office;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const DAY: u64 = 24 * 3600;
const FOLDERS: [&str; 4] = ["Minutes", "Planning", "Planning/2026", "Allotments"];
/// Files and messages that a council begins with: one that goes is then no fifth of all.
const AT_FIRST: usize = 12;
/// A download of fewer files does not break off.
const ENOUGH_TO_KNOW: usize = 10;

/// Files by their paths.
pub type Files = BTreeMap<String, String>;

/// What one download brought, as long as it lies there.
pub struct Download {
    /// The names of its files.
    pub parts: Vec<String>,
    /// What is in them.
    pub files: Files,
}

/// A council, and what is true of it.
pub struct Council {
    pub office: Office,
    pub seed: u64,
    pub random: fastrand::Rng,
    pub week: u64,
    weeks: u64,
    /// How many things it has made: each is told from all others.
    made: u64,
    /// What lies in `papers`.
    pub papers: Files,
    /// Those of them that nobody may read.
    pub locked: BTreeSet<String>,
    /// The folder into which nobody may look this week.
    pub closed: Option<String>,
    /// What lies in its cloud.
    cloud: Files,
    /// What lies in `Exports`, the newest last.
    pub downloads: Vec<Download>,
    /// The folder in which they lie.
    pub exports: String,
    /// Downloads that broke off, and no other has come since.
    pub broken: Vec<String>,
    /// Messages by their subjects, in the one mailbox file.
    pub mailbox: Files,
    /// The same as they were when anybody could read the file last.
    pub read_mailbox: Files,
    /// Nobody may read it this week.
    pub is_mailbox_locked: bool,
    /// The same, each a file of its own.
    pub letters: Files,
    /// Whether something has gone since the last complete backup: it may be all that a folder held.
    pub has_lost: bool,
    /// The same since the last download.
    has_lost_in_cloud: bool,
    /// What was in downloads that broke off, and may be seen of it.
    pub in_broken: BTreeSet<String>,
    /// What the checks remember.
    pub seen: crate::week::Seen,
}

impl Council {
    pub fn new(seed: u64, weeks: u64) -> Self {
        let office = Office::empty();
        office.run(["init", "--kdf-memory", "64"]).ended(0);
        let mut council = Self {
            office,
            seed,
            random: fastrand::Rng::with_seed(seed),
            week: 0,
            weeks,
            made: 0,
            papers: Files::new(),
            locked: BTreeSet::new(),
            closed: None,
            cloud: Files::new(),
            downloads: Vec::new(),
            exports: "Exports".to_owned(),
            broken: Vec::new(),
            mailbox: Files::new(),
            read_mailbox: Files::new(),
            is_mailbox_locked: false,
            letters: Files::new(),
            has_lost: false,
            has_lost_in_cloud: false,
            in_broken: BTreeSet::new(),
            seen: crate::week::Seen::default(),
        };
        for _ in 0..AT_FIRST {
            council.write_paper();
            council.write_in_cloud();
            council.receive(true);
            council.receive(false);
        }
        council
    }

    /// A few things happen, and the week's export is downloaded.
    pub fn live_a_week(&mut self) {
        self.week += 1;
        self.open_folder();
        for _ in 0..self.random.usize(1..6) {
            match self.random.u32(0..16) {
                0..3 => self.write_paper(),
                3 => self.change_paper(),
                4 => self.lose_paper(),
                5 => self.rename_folder(),
                6 => self.lock_or_unlock(),
                7 | 8 => self.write_in_cloud(),
                9 => self.change_in_cloud(),
                10 => self.lose_in_cloud(),
                11 | 12 => {
                    let is_in_mailbox = self.random.bool();
                    self.receive(is_in_mailbox);
                }
                13 => self.lose_message(true),
                14 => self.lose_message(false),
                _ => self.clear_older_downloads(),
            }
        }
        if self.random.bool() {
            self.clear_broken();
        }
        if self.week == 1 || self.random.u32(0..5) > 0 {
            self.download();
        }
        if self.random.u32(0..12) == 0 {
            self.rename_exports();
        }
        if self.random.u32(0..6) == 0 {
            self.break_a_download();
        }
        self.write_mailbox();
        if self.random.u32(0..8) == 0 {
            self.close_folder();
        }
    }

    /// Whether something was not to be read this week.
    pub fn has_unread(&self) -> bool {
        let has_closed = self.closed.is_some() || self.is_mailbox_locked;
        has_closed || !self.locked.is_empty() || !self.broken.is_empty()
    }

    /// Whether a paper lies where nobody may look this week.
    pub fn is_closed(&self, path: &str) -> bool {
        let above = self.closed.as_ref().map(|folder| format!("{folder}/"));
        above.is_some_and(|above| path.starts_with(&above))
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Text that compresses as text does, and that is like no other.
    fn text(&mut self) -> String {
        let number = self.next();
        let lines = self.random.usize(1..60);
        (0..lines).map(|line| format!("Item {number}.{line}: resolved as in {}.\n", self.random.u32(..))).collect()
    }

    fn new_path(&mut self) -> String {
        let (folder, number) = (self.random.usize(0..FOLDERS.len() + 1), self.next());
        let above = FOLDERS.get(folder).map_or(String::new(), |folder| format!("{folder}/"));
        // Whatever text is in them, it is what these promise.
        let kind = ["txt", "csv", "md"][self.random.usize(0..3)];
        format!("{above}{} {number}.{kind}", ["agenda", "Précis", "plan (old)", "notes [b]"][self.random.usize(0..4)])
    }

    fn one_of(&mut self, files: &Files) -> Option<String> {
        let at = self.random.usize(0..files.len().max(1));
        files.keys().nth(at).cloned()
    }

    fn put_paper(&mut self, path: String, content: String) {
        self.office.write(&format!("papers/{path}"), &content);
        self.papers.insert(path, content);
    }

    fn write_paper(&mut self) {
        let (path, content) = (self.new_path(), self.text());
        self.put_paper(path, content);
    }

    fn change_paper(&mut self) {
        let papers = self.papers.clone();
        let Some(path) = self.one_of(&papers).filter(|path| !self.locked.contains(path)) else { return };
        let content = papers[&path].clone() + &self.text();
        self.put_paper(path, content);
    }

    fn lose_paper(&mut self) {
        let papers = self.papers.clone();
        let Some(path) = self.one_of(&papers) else { return };
        fs::remove_file(self.office.path(&format!("papers/{path}"))).unwrap();
        self.papers.remove(&path);
        self.locked.remove(&path);
        self.has_lost = true;
    }

    fn rename_folder(&mut self) {
        let from = FOLDERS[self.random.usize(0..FOLDERS.len())];
        let to = format!("Archive/{} {}", from.replace('/', " "), self.next());
        let (old, new) = (self.office.path(&format!("papers/{from}")), self.office.path(&format!("papers/{to}")));
        if !old.exists() {
            return;
        }
        self.office.write("papers/Archive/.kept", "");
        self.papers.insert("Archive/.kept".to_owned(), String::new());
        fs::rename(old, new).unwrap();
        let moved = |path: &str| path.strip_prefix(&format!("{from}/")).map(|rest| format!("{to}/{rest}"));
        let papers = std::mem::take(&mut self.papers).into_iter();
        self.papers = papers.map(|(path, content)| (moved(&path).unwrap_or(path), content)).collect();
        let locked = std::mem::take(&mut self.locked).into_iter();
        self.locked = locked.map(|path| moved(&path).unwrap_or(path)).collect();
        self.has_lost = true;
    }

    fn lock_or_unlock(&mut self) {
        let path = self.locked.pop_first();
        let mode = if path.is_some() { 0o644 } else { 0o000 };
        let papers = self.papers.clone();
        let Some(path) = path.or_else(|| self.one_of(&papers)) else { return };
        self.set_mode(&format!("papers/{path}"), mode);
        if mode == 0 {
            self.locked.insert(path);
        }
    }

    fn write_in_cloud(&mut self) {
        let (path, content) = (self.new_path(), self.text());
        self.cloud.insert(path, content);
    }

    fn change_in_cloud(&mut self) {
        let cloud = self.cloud.clone();
        let Some(path) = self.one_of(&cloud) else { return };
        let content = cloud[&path].clone() + &self.text();
        self.cloud.insert(path, content);
    }

    fn lose_in_cloud(&mut self) {
        let cloud = self.cloud.clone();
        if let Some(path) = self.one_of(&cloud) {
            self.cloud.remove(&path);
            self.has_lost_in_cloud = true;
        }
    }

    /// The day of this week's Monday, and how long ago that is.
    fn day(&self) -> (jiff::civil::Date, Duration) {
        let ago = Duration::from_secs((self.weeks - self.week) * 7 * DAY + DAY);
        // The program that is tried out asks the system, so the files must be as old by the same clock.
        #[allow(clippy::disallowed_methods)]
        let then = SystemTime::now() - ago;
        (jiff::Timestamp::try_from(then).unwrap().to_zoned(jiff::tz::TimeZone::UTC).date(), ago)
    }

    /// Packs what is in the cloud into one file or two, in any order.
    fn download(&mut self) {
        let mut paths: Vec<String> = self.cloud.keys().cloned().collect();
        self.random.shuffle(&mut paths);
        let (day, _) = self.day();
        // One of the other form has no number.
        let parts = self.random.usize(0..3);
        let numbered = |part| format!("OneDrive_{part}_{}-{}-{}.zip", day.day(), day.month(), day.year());
        let names: Vec<String> =
            if parts == 0 { vec![format!("OneDrive_{day}.zip")] } else { (1..=parts).map(numbered).collect() };
        let parts = names.len();
        for (part, name) in names.iter().enumerate() {
            let inside: Vec<String> = paths.iter().skip(part).step_by(parts).cloned().collect();
            let bytes = self.pack(&inside);
            self.put_download(name, &bytes);
        }
        self.downloads.push(Download { parts: names, files: self.cloud.clone() });
        // Whoever has a newer one does not miss what that one may have been.
        self.broken.clear();
        self.has_lost |= std::mem::take(&mut self.has_lost_in_cloud);
    }

    fn pack(&mut self, paths: &[String]) -> Vec<u8> {
        let (day, _) = self.day();
        let (year, month, date) = (day.year() as u16, day.month() as u8, day.day() as u8);
        let time = zip::DateTime::from_date_and_time(year, month, date, 7, 30, 0).unwrap();
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for path in paths {
            let method = if self.random.bool() { CompressionMethod::Deflated } else { CompressionMethod::Stored };
            let options = SimpleFileOptions::default().last_modified_time(time).compression_method(method);
            writer.start_file(path.as_str(), options).unwrap();
            writer.write_all(self.cloud[path].as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn in_exports(&self, name: &str) -> String {
        format!("{}/{name}", self.exports)
    }

    fn rename_exports(&mut self) {
        let name = format!("Exports {}", self.next());
        fs::rename(self.office.path(&self.exports), self.office.path(&name)).unwrap();
        self.exports = name;
    }

    fn put_download(&self, name: &str, bytes: &[u8]) {
        let path = self.in_exports(name);
        self.office.write(&path, "");
        fs::write(self.office.path(&path), bytes).unwrap();
        #[allow(clippy::disallowed_methods)]
        let time = SystemTime::now() - self.day().1;
        fs::File::options().write(true).open(self.office.path(&path)).unwrap().set_modified(time).unwrap();
    }

    /// The next day somebody tried again, and the line failed.
    fn break_a_download(&mut self) {
        let paths: Vec<String> = self.cloud.keys().cloned().collect();
        // What is left of a few files may go on from nothing, and be a thing of its own.
        if paths.len() < ENOUGH_TO_KNOW {
            return;
        }
        let bytes = self.pack(&paths);
        let (day, _) = self.day();
        let day = day.tomorrow().unwrap();
        let name = format!("OneDrive_1_{}-{}-{}.zip", day.day(), day.month(), day.year());
        let cut = self.random.usize(bytes.len() / 2..bytes.len() * 3 / 4);
        self.put_download(&name, &bytes[..cut]);
        self.broken.push(name.clone());
        self.in_broken.extend(paths.into_iter().chain([name]));
    }

    fn clear_broken(&mut self) {
        for name in std::mem::take(&mut self.broken) {
            fs::remove_file(self.office.path(&self.in_exports(&name))).unwrap();
        }
    }

    fn clear_older_downloads(&mut self) {
        while self.downloads.len() > 1 {
            for name in self.downloads.remove(0).parts {
                fs::remove_file(self.office.path(&self.in_exports(&name))).unwrap();
            }
        }
    }

    fn receive(&mut self, is_in_mailbox: bool) {
        let number = self.next();
        let subject = format!("Matter {number}");
        let text = self.text();
        let message = format!(
            "From: Zoë Clerk <clerk@example.org>\nTo: chair@example.org\nSubject: {subject}\n\
             Date: Fri, 20 Nov 2026 10:00:00 +0000\nMessage-ID: <{number}@example.org>\n\nHerewith the parishword.\n{text}"
        );
        if is_in_mailbox {
            self.mailbox.insert(subject, message);
        } else {
            self.office.write(&format!("mail/Letters/{number}.eml"), &message);
            self.letters.insert(subject, message);
        }
    }

    fn lose_message(&mut self, is_in_mailbox: bool) {
        let letters = if is_in_mailbox { self.mailbox.clone() } else { self.letters.clone() };
        let Some(subject) = self.one_of(&letters) else { return };
        self.has_lost = true;
        if is_in_mailbox {
            self.mailbox.remove(&subject);
        } else {
            self.letters.remove(&subject);
            let number = subject.rsplit(' ').next().unwrap_or_default();
            fs::remove_file(self.office.path(&format!("mail/Letters/{number}.eml"))).unwrap();
        }
    }

    fn write_mailbox(&mut self) {
        let line = "From clerk@example.org Fri Nov 20 10:00:00 2026\n";
        let all: String = self.mailbox.values().map(|message| format!("{line}{message}\n")).collect();
        self.office.write("mail/Inbox", &all);
        self.is_mailbox_locked = self.week > 1 && self.random.u32(0..8) == 0;
        self.set_mode("mail/Inbox", if self.is_mailbox_locked { 0o000 } else { 0o644 });
        if !self.is_mailbox_locked {
            self.read_mailbox = self.mailbox.clone();
        }
    }

    fn set_mode(&self, path: &str, mode: u32) {
        fs::set_permissions(self.office.path(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Until next week: what happens in it meanwhile, nobody sees.
    fn close_folder(&mut self) {
        let folder = FOLDERS[self.random.usize(0..FOLDERS.len())];
        if self.office.path(&format!("papers/{folder}")).exists() {
            self.set_mode(&format!("papers/{folder}"), 0o000);
            self.closed = Some(folder.to_owned());
        }
    }

    fn open_folder(&mut self) {
        if let Some(folder) = self.closed.take() {
            self.set_mode(&format!("papers/{folder}"), 0o755);
        }
    }
}
