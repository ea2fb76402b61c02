//! What is looked at after a week: the backup's own word, all that comes back, and what searches say is gone.

use crate::council::{Council, Files};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// What was there in any week.
#[derive(Default)]
pub struct Seen {
    papers: BTreeSet<String>,
    in_exports: BTreeSet<String>,
    messages: Files,
    /// What was missed when somebody could look last.
    gone_papers: BTreeSet<String>,
    gone_from_exports: BTreeSet<String>,
    /// Every content that has come back in any week.
    came_back: BTreeSet<Vec<u8>>,
}

impl Council {
    pub fn back_up_and_look(&mut self) {
        self.remember();
        self.back_up();
        self.look_at_what_comes_back();
        self.look_for_what_is_gone();
        self.look_for_messages();
    }

    fn at(&self) -> String {
        format!("seed {}, week {}", self.seed, self.week)
    }

    fn remember(&mut self) {
        let papers: Vec<String> = self.papers.keys().filter(|path| !self.is_closed(path)).cloned().collect();
        self.seen.papers.extend(papers);
        self.seen.in_exports.extend(self.downloads.iter().flat_map(|one| one.files.keys().cloned()));
        let messages = self.read_mailbox.iter().chain(&self.letters);
        self.seen.messages.extend(messages.map(|(subject, message)| (subject.clone(), message.clone())));
    }

    /// A week in which something could not be read is PARTIAL; one in which nothing went and no download broke off is not doubted.
    fn back_up(&mut self) {
        let unread = self.has_unread();
        let expected = if unread { "PARTIAL" } else { "COMPLETE" };
        let sources = ["backup", "papers", &self.exports.clone(), "--email", "mail", "--json"];
        let saved = self.office.run(sources);
        let json = saved.json();
        let at = format!("{}: {}{}", self.at(), saved.out, saved.err);
        let is_doubted = json["doubts"].as_array().unwrap().iter().any(|doubt| doubt["accepted"] == false);
        assert!(!is_doubted || self.has_lost || !self.broken.is_empty(), "{at}");
        assert_eq!(
            saved.code,
            Some(if is_doubted {
                6
            } else if unread {
                3
            } else {
                0
            }),
            "{at}"
        );
        if !is_doubted {
            assert_eq!(json["outcome"], expected, "{at}");
            self.has_lost &= unread;
            return;
        }
        assert_eq!(json["outcome"], "PARTIAL", "{at}");
        // An older export is stored once, which may be in this backup.
        self.look_at_what_comes_back();
        let saved = self.office.run([&sources[..], &["--accept-shrink"]].concat());
        let at = format!("{}, accepted: {}{}", self.at(), saved.out, saved.err);
        assert_eq!(
            (saved.code, &saved.json()["outcome"]),
            (Some(if unread { 3 } else { 0 }), &expected.into()),
            "{at}"
        );
    }

    fn look_at_what_comes_back(&mut self) {
        let to = "restored";
        let answer = self.office.run(["restore", "latest", "--to", to]);
        let at = format!("{}: {}{}", self.at(), answer.out, answer.err);
        assert!(answer.code == Some(0) || (self.has_unread() && answer.code == Some(3)), "{at}");
        let restored = self.office.path(to);
        let mut there = Vec::new();
        gather(&restored.join("papers"), &mut there);
        let papers: BTreeSet<String> = there.iter().map(|path| below(&restored.join("papers"), path)).collect();
        let readable = self.papers.iter().filter(|(path, _)| !self.locked.contains(*path) && !self.is_closed(path));
        assert_eq!(papers, readable.clone().map(|(path, _)| path.clone()).collect(), "{at}");
        for (path, content) in readable {
            assert_eq!(fs::read(restored.join("papers").join(path)).unwrap(), content.as_bytes(), "{path}, {at}");
        }
        if !self.is_mailbox_locked {
            let (ours, theirs) = (fs::read(restored.join("mail/Inbox")), fs::read(self.office.path("mail/Inbox")));
            assert_eq!(ours.unwrap(), theirs.unwrap(), "{at}");
        }
        for (subject, message) in &self.letters {
            let number = subject.rsplit(' ').next().unwrap();
            let letter = restored.join(format!("mail/Letters/{number}.eml"));
            assert_eq!(fs::read(letter).unwrap(), message.as_bytes(), "{subject}, {at}");
        }
        let mut files = Vec::new();
        gather(&restored, &mut files);
        let now: BTreeSet<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
        // The newest export comes back whole from this very backup unless a broken one has come after it, and each from some backup.
        let newest = &self.downloads[self.downloads.len() - 1].files;
        for (path, content) in newest.iter().filter(|_| self.broken.is_empty()) {
            assert!(now.contains(content.as_bytes()), "{path} of the newest export, {at}");
        }
        self.seen.came_back.extend(now);
        for (path, content) in self.downloads.iter().flat_map(|download| &download.files) {
            assert!(self.seen.came_back.contains(content.as_bytes()), "{path} of an older export, {at}");
        }
        fs::remove_dir_all(&restored).unwrap();
    }

    fn look_for_what_is_gone(&mut self) {
        let answer = self.office.run(["find", "--deleted", "*", "--json"]).ended(0);
        let json = answer.json();
        let at = format!("{}: {}", self.at(), answer.out);
        let gone = |root: &str| -> BTreeSet<String> {
            // The folder of exports has had several names, and an older export that is stored once is called after its file, too.
            let of_root = |hit: &Value| {
                let (name, path) = hit["path"].as_str()?.split_once('/')?;
                name.starts_with(root).then(|| path.to_owned())
            };
            // A folder that nobody may look into is an unreadable item in that week.
            let is_folder = |version: &Value| version["type"] == "folder";
            let is_file = |hit: &&Value| !hit["versions"].as_array().unwrap().iter().any(is_folder);
            json["hits"].as_array().unwrap().iter().filter(is_file).filter_map(of_root).collect()
        };
        // Where nobody may look this week, nothing more has gone than was missed before.
        let papers = &self.seen.gone_papers;
        let is_lost =
            |path: &&String| !self.papers.contains_key(*path) && (!self.is_closed(path) || papers.contains(*path));
        let lost: BTreeSet<String> = self.seen.papers.iter().filter(is_lost).cloned().collect();
        assert_eq!(gone("papers"), lost, "{at}");
        let gone = gone("Exports");
        let newest = &self.downloads[self.downloads.len() - 1].files;
        let still_there: Vec<&String> = gone.iter().filter(|path| newest.contains_key(*path)).collect();
        self.tell_what_is_known_of(&still_there);
        assert!(still_there.is_empty(), "{still_there:?} of the newest export, {at}");
        if self.broken.is_empty() {
            let lost: BTreeSet<String> =
                self.seen.in_exports.iter().filter(|path| !newest.contains_key(*path)).cloned().collect();
            let missed: Vec<&String> = lost.difference(&gone).collect();
            let too_many: Vec<&String> =
                gone.difference(&lost).filter(|path| !self.in_broken.contains(*path)).collect();
            self.tell_what_is_known_of(&missed);
            self.tell_what_is_known_of(&too_many);
            assert!(missed.is_empty() && too_many.is_empty(), "{missed:?} are gone, and {too_many:?} never were, {at}");
        }
        // What only a broken download held may come back with the next.
        let forgotten = self.seen.gone_from_exports.difference(&gone).filter(|path| !newest.contains_key(*path));
        let forgotten: Vec<&String> = forgotten.collect();
        self.tell_what_is_known_of(&forgotten);
        assert!(forgotten.is_empty(), "{forgotten:?} were gone before, {at}");
        (self.seen.gone_papers, self.seen.gone_from_exports) = (lost, gone);
    }

    /// For whoever replays a council that failed.
    fn tell_what_is_known_of(&self, paths: &[&String]) {
        if let Some(path) = paths.first() {
            eprintln!("{}", self.office.run(["find", "--json", path.rsplit('/').next().unwrap()]).out);
            eprintln!("{}", self.office.run(["snapshots", "--json"]).out);
        }
    }

    fn look_for_messages(&mut self) {
        let answer = self.office.run(["find", "--mail", "--deleted", "parishword", "--json"]).ended(0);
        let json = answer.json();
        let at = format!("{}: {}", self.at(), answer.out);
        let gone: Vec<&Value> = json["messages"].as_array().unwrap().iter().collect();
        let subjects: BTreeSet<&str> = gone.iter().map(|message| message["subject"].as_str().unwrap()).collect();
        let is_there = |subject: &String| self.read_mailbox.contains_key(subject) || self.letters.contains_key(subject);
        let lost: BTreeSet<&str> =
            self.seen.messages.keys().filter(|subject| !is_there(subject)).map(String::as_str).collect();
        assert_eq!(subjects, lost, "{at}");
        if gone.is_empty() {
            return;
        }
        let message = gone[self.random.usize(0..gone.len())];
        let to = format!("saved {}", self.week);
        let id = message["id"].as_str().unwrap();
        let saved = self.office.run(["mail", "save", id, "--to", &to, "--json"]).ended(0).json();
        let file = self.office.path(&to).join(saved["files"][0]["path"].as_str().unwrap());
        let expected = &self.seen.messages[message["subject"].as_str().unwrap()];
        assert_eq!(fs::read(file).unwrap(), expected.as_bytes(), "{at}");
    }
}

fn gather(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { gather(&path, files) } else { files.push(path) }
    }
}

fn below(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned()
}
