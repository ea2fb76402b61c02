//! What only shows with somebody at the keyboard: the prompt that echoes nothing, and Ctrl-C.

// What fails in a helper fails its test.
#![allow(clippy::unwrap_used, clippy::panic)]

mod cli_support;

use cli_support::{Office, PASSPHRASE};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A terminal: what the program reads from, and all that it shows.
struct Terminal {
    keyboard: File,
    device: File,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn new() -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
        let no_controlling_terminal = 0o400;
        let device = File::options().read(true).write(true).custom_flags(no_controlling_terminal).open(name).unwrap();
        let keyboard = File::from(keyboard);
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut shown, all) = (keyboard.try_clone().unwrap(), screen.clone());
        thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(length @ 1..) = shown.read(&mut some) {
                all.lock().unwrap().extend_from_slice(&some[..length]);
            }
        });
        Self { keyboard, device, screen }
    }

    fn start(&self, command: &mut Command) -> Child {
        let device = || Stdio::from(self.device.try_clone().unwrap());
        command.stdin(device()).stdout(device()).stderr(device()).spawn().unwrap()
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        wait_until(&format!("{text:?} on the screen"), || self.shown().contains(text));
    }

    fn echoes(&self) -> bool {
        tcgetattr(&self.device).unwrap().local_modes.contains(LocalModes::ECHO)
    }

    fn type_line(&mut self, text: &str) {
        self.keyboard.write_all(format!("{text}\n").as_bytes()).unwrap();
    }
}

#[track_caller]
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn interrupt(child: &Child) {
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::INT).unwrap();
}

#[test]
fn the_prompt_takes_the_passphrase_and_shows_nothing_of_it() {
    let office = Office::with_backup();
    let mut terminal = Terminal::new();
    let mut child = terminal.start(office.command(["key", "test"]).env_remove("CHEST_PASSPHRASE_FILE"));
    terminal.wait_for("Passphrase (or the 24 recovery words): ");
    wait_until("the echo to be off", || !terminal.echoes());
    terminal.type_line(PASSPHRASE);
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", terminal.shown());
    terminal.wait_for("Yes: this passphrase opens the repository.");
    assert!(!terminal.shown().contains("apples"), "{}", terminal.shown());
    assert!(terminal.echoes(), "the terminal is as it was");
}

/// As somebody does who pastes it, or copies it row by row.
#[test]
fn the_prompt_takes_the_sheet_row_by_row_as_it_is_printed() {
    let office = Office::empty();
    let sheet = office.run(["init", "--kdf-memory", "64"]).ended(0).out;
    let rows: Vec<&str> = sheet.lines().filter(|line| line.trim_start().starts_with(char::is_numeric)).collect();
    assert_eq!(rows.len(), 12, "{sheet}");
    let mut terminal = Terminal::new();
    let mut child = terminal.start(office.command(["key", "test"]).env_remove("CHEST_PASSPHRASE_FILE"));
    wait_until("the echo to be off", || !terminal.echoes());
    for row in &rows {
        terminal.type_line(row);
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", terminal.shown());
    terminal.wait_for("Yes: these 24 recovery words open the repository.");
    let shown = terminal.shown();
    assert!(shown.contains("The other 22 words (an empty line ends this):"), "{shown}");
    assert!(!rows.iter().any(|row| shown.contains(row.trim())), "{shown}");
    assert!(terminal.echoes(), "the terminal is as it was");
}

#[test]
fn ctrl_c_at_the_prompt_ends_at_once_and_leaves_the_terminal_as_it_was() {
    let office = Office::with_backup();
    let terminal = Terminal::new();
    let mut child = terminal.start(office.command(["key", "test"]).env_remove("CHEST_PASSPHRASE_FILE"));
    wait_until("the echo to be off", || !terminal.echoes());
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{}", terminal.shown());
    assert!(terminal.echoes(), "the terminal is as it was");
}

#[test]
fn at_a_terminal_init_makes_up_a_passphrase_that_opens_the_repository() {
    let office = Office::empty();
    let mut terminal = Terminal::new();
    let mut command = office.command(["init", "--kdf-memory", "64"]);
    let mut child = terminal.start(command.env_remove("CHEST_PASSPHRASE_FILE"));
    terminal.wait_for("Press Enter when you have written this down.");
    terminal.type_line("");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{}", terminal.shown());
    let shown = terminal.shown();
    let passphrase = shown.lines().skip_while(|line| !line.contains("The passphrase")).nth(2).unwrap().trim();
    assert_eq!(passphrase.split(' ').count(), 7, "{shown}");
    office.write("passphrase", passphrase);
    office.run(["key", "test"]).ended(0);
}

#[test]
fn ctrl_c_stops_a_backup_with_130_records_nothing_and_harms_nothing() {
    let office = Office::new();
    let mut state = 88_172_645_463_325_252_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 61) as u8 + b'0'
    })
    .take(48 << 20)
    .collect();
    std::fs::create_dir(office.path("docs/many")).unwrap();
    for (number, part) in noise.chunks(16 << 10).enumerate() {
        std::fs::write(office.path(&format!("docs/many/{number}")), part).unwrap();
    }
    let mut command = office.command(["backup", "docs", "--level", "19", "--progress", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"phase\":\"backing-up\"")), "the phase is told");
    interrupt(&child);
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest:?}");
    let told = |text: &str| rest.iter().any(|line| line.contains(text));
    assert!(told("Press Ctrl-C again to end at once.") && told("No new backup was recorded"), "{rest:?}");
    assert_eq!(office.run(["snapshots", "--json"]).ended(0).json()["snapshots"].as_array().unwrap().len(), 0);
    std::fs::remove_dir_all(office.path("docs/many")).unwrap();
    assert_eq!(office.back_up().ended(0).last_line(), "COMPLETE");
    assert!(office.run(["check", "--read-data"]).ended(0).last_line().starts_with("NO DAMAGE FOUND"));
}
