//! What was typed. Nothing here knows what it means: that is `settings`.

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Encrypted backup for parish councils.
///
/// Parish Chest keeps encrypted copies of a council's documents in a folder (on a disk, a USB stick or a mounted share) or in S3
/// storage. Nobody can read the copies without the passphrase or the 24 recovery words, and every copy can be proven to be
/// intact.
#[derive(Debug, Parser)]
#[command(
    name = "chest",
    version,
    max_term_width = 100,
    after_help = "How to begin:\n  \
        chest --repo /media/usb/chest init                    make the repository, once\n  \
        chest --repo /media/usb/chest backup ~/Documents      back up\n  \
        chest --repo /media/usb/chest find minutes            find a file in any backup\n  \
        chest --repo /media/usb/chest restore latest --to ~/restored\n  \
        chest --repo s3://bucket/chest --s3-endpoint https://s3.example.org doctor\n\n\
        Set CHEST_REPO to leave --repo out. `chest help COMMAND` explains one command with examples.\n\
        Exit codes: 0 done, 1 failed, 2 usage, 3 PARTIAL, 4 stored damage, 5 storage not fit,\n\
        6 does not look right, 10-17 no repository, no access and the like, 130 interrupted:\n\
        see docs/exit-codes.md."
)]
pub struct Typed {
    /// What goes for every command.
    #[command(flatten)]
    pub common: Common,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What can be typed with every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Common {
    /// The folder that holds the backups, or s3://BUCKET/PREFIX [or set CHEST_REPO]
    #[arg(long, global = true, value_name = "PLACE")]
    pub repo: Option<OsString>,
    /// Where the S3 storage answers, unless it is AWS: https://s3.example.org [or set CHEST_S3_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub s3_endpoint: Option<OsString>,
    /// The region of the bucket [or set CHEST_S3_REGION]
    #[arg(long, global = true, value_name = "NAME")]
    pub s3_region: Option<OsString>,
    /// A file with the certificate of the storage's own authority [or set CHEST_S3_CA]
    #[arg(long, global = true, value_name = "FILE")]
    pub s3_ca: Option<OsString>,
    /// Answer with one JSON object on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Show progress as plain lines that are never redrawn (for screen readers)
    #[arg(long, global = true)]
    pub plain: bool,
    /// How to show progress, on standard error
    #[arg(long, global = true, value_name = "HOW")]
    pub progress: Option<ProgressStyle>,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressStyle {
    /// Bars on a terminal, plain lines elsewhere
    Auto,
    /// One JSON object a line
    Json,
    /// Not at all
    None,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(crate::commands::demo::Demo),
    Init(Init),
    Backup(Backup),
    Snapshots(Snapshots),
    History(History),
    Ls(Ls),
    Find(Find),
    #[command(subcommand)]
    Mail(Mail),
    Cat(Cat),
    Diff(Diff),
    Restore(Restore),
    Check(Check),
    Doctor(Doctor),
    #[command(subcommand)]
    Writer(Writer),
    #[command(subcommand)]
    Key(Key),
    #[command(subcommand)]
    Config(Config),
    Completions(Completions),
    Man(Man),
}

const SECRETS: &str = "The passphrase comes from CHEST_PASSPHRASE, CHEST_PASSPHRASE_FILE or CHEST_PASSPHRASE_COMMAND, or the \
    recovery words from CHEST_RECOVERY_WORDS_FILE; without any of these you are asked for it.";

/// Make a new repository, and show the 24 recovery words once
///
/// Makes the folder where it is missing, sets up two independent ways in (a passphrase and 24 recovery words), and enrols this
/// computer. The passphrase comes from CHEST_PASSPHRASE, CHEST_PASSPHRASE_FILE or CHEST_PASSPHRASE_COMMAND; without any of
/// these one is made up for you.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest --repo /media/usb/chest init\n  \
    CHEST_PASSPHRASE_FILE=~/passphrase chest --repo /mnt/nas/chest init")]
pub struct Init {
    /// Memory for deriving the key from the passphrase, in MiB: at least 64, and 256 unless given
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..=2048))]
    pub kdf_memory: Option<u32>,
}

/// Back up folders, files or exports
///
/// A ZIP file that is named is an export: what is in it is stored, so that next week's costs only what has changed. Several parts of
/// one export become one folder, and of a folder that holds nothing but weekly exports the newest is taken. ZIP files inside other
/// folders, and Office documents, stay the files they are.
///
/// Needs no passphrase: this computer's own key can add backups, but neither read nor delete them. The last line says COMPLETE,
/// or PARTIAL and how many items could not be read (exit code 3). It says PARTIAL, too, where much less was found than in the last
/// complete backup, where what that held is not there, or where there is no file at all (exit code 6).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest backup ~/Documents\n  \
    chest backup ~/OneDrive --email ~/Exports/mailbox\n  \
    chest backup ~/Downloads/OneDrive_1_20-11-2026.zip ~/Downloads/OneDrive_2_20-11-2026.zip\n  \
    chest backup --as-is ~/Downloads/Export.zip\n  \
    chest backup --class email --as mail ~/Exports/mailbox.mbox\n  \
    chest backup --exclude '*.tmp' --exclude /old/ --reason 'before the move' /srv/council")]
pub struct Backup {
    /// What to back up; each is stored under its own name
    #[arg(required_unless_present_any = ["email", "other"], value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Store the one PATH under this name; an export is called after its file otherwise, as in "OneDrive export"
    #[arg(long = "as", value_name = "NAME")]
    pub as_name: Option<OsString>,
    /// Store ZIP files as the files they are, not what is in them
    #[arg(long)]
    pub as_is: bool,
    /// What kind of documents the PATHs are
    #[arg(long, value_enum, default_value_t = ClassName::Documents)]
    pub class: ClassName,
    /// E-mail exports to back up in the same run (may be given several times)
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    pub email: Vec<PathBuf>,
    /// Anything else to back up in the same run (may be given several times)
    #[arg(long, value_name = "PATH", action = ArgAction::Append)]
    pub other: Vec<PathBuf>,
    /// What is missing since the last complete backup has gone rightly, and what holds no file may be empty: do not doubt it any more
    #[arg(long)]
    pub accept_shrink: bool,
    /// Files that no longer hold what their names promise are right as they are: call this one complete
    #[arg(long)]
    pub accept_change: bool,
    /// Leave out what fits this pattern, written as in .gitignore (may be given several times)
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub exclude: Vec<String>,
    /// Also back up files that are left out otherwise: ~$*, desktop.ini, Thumbs.db, *.ost
    #[arg(long)]
    pub no_default_excludes: bool,
    /// What to do with new or changed files that are only in the cloud (OneDrive on Windows; Linux and macOS have none)
    #[arg(long, value_enum, default_value_t = CloudFilesName::Hydrate)]
    pub cloud_files: CloudFilesName,
    /// Stay out of disks that are mounted below PATH
    #[arg(long)]
    pub one_file_system: bool,
    /// Why this backup is made; kept with it
    #[arg(long, default_value = "", hide_default_value = true)]
    pub reason: String,
    /// How hard to compress: 1 is fast, 19 is small
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(i32).range(1..=19))]
    pub level: i32,
}

/// What happens to files that are only in the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CloudFilesName {
    /// Fetch them, as long as 5 GB of the disk stay free
    Hydrate,
    /// Leave them there; the backup is PARTIAL and names them
    Skip,
}

/// What kind of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassName {
    /// The council's documents
    Documents,
    /// E-mail exports
    Email,
    /// Anything else
    Other,
}

/// What narrows the choice of a backup.
#[derive(Debug, Clone, Default, Args)]
pub struct Narrow {
    /// Only backups of this computer
    #[arg(long, value_name = "NAME")]
    pub host: Option<String>,
    /// Only backups that hold a folder of this name
    #[arg(long, value_name = "NAME")]
    pub root: Option<OsString>,
}

/// Whether a copy is read that is older than what this computer has seen.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct Older {
    /// Read a copy that is older than what this computer has seen, or lacks part of it
    #[arg(long)]
    pub accept_unproven_state: bool,
}

/// Show this computer's runs, those that failed included
///
/// `chest snapshots` lists what is in the storage. This lists what this computer has tried: a run that could not reach the storage, or
/// that was killed, has left no backup and is FAILED here. Needs no passphrase.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chest history\n  chest history --last 5 --json")]
pub struct History {
    /// Only so many, the newest
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub last: usize,
}

/// List the backups, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chest snapshots\n  chest snapshots --json")]
#[command(long_about = format!("List the backups, oldest first\n\n{SECRETS}"))]
pub struct Snapshots {
    /// Which.
    #[command(flatten)]
    pub narrow: Narrow,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

/// List what a backup holds
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest ls latest\n  \
    chest ls latest:documents/Minutes\n  \
    chest ls --recursive 2026-11-21\n  \
    chest ls --exceptions latest        what could not be read when the backup was made")]
#[command(long_about = format!("List what a backup holds\n\n{SNAPSHOT_HELP}\n\n{SECRETS}"))]
pub struct Ls {
    /// The backup, and the folder in it
    #[arg(value_name = "SNAPSHOT[:PATH]")]
    pub what: OsString,
    /// Also everything below
    #[arg(long, short = 'R')]
    pub recursive: bool,
    /// List instead what was not read as it should have been
    #[arg(long, conflicts_with = "recursive")]
    pub exceptions: bool,
    /// Which backups come into question.
    #[command(flatten)]
    pub narrow: Narrow,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

const SNAPSHOT_HELP: &str = "SNAPSHOT is `latest`, a date such as 2026-11-21 (the last backup of that day, UK time), or the first six or \
    more letters of an id that `chest snapshots` shows. PATH is written as `ls` and `find` print it.";

/// Find files by name in all backups, deleted ones too
///
/// WORD is part of a name, in capitals or not; with *, ? or [ it is a pattern for the whole name. What holds a / is part of a path up
/// to the name, as it is shown, or a pattern for the whole path. Of several words one is in the name, and the others there or in the folders above.
/// Below each hit stands the command that brings it back; finding nothing is no error.
///
/// With --mail, messages are looked for instead: WORD is part of somebody's name or address, of the subject or of the name of an
/// attachment, or the beginning of a word of the text. The first time mailboxes are read, which takes a while.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest find minutes\n  \
    chest find minutes october\n  \
    chest find '*.xlsx' --since 2026-10-01\n  \
    chest find --deleted allotment\n  \
    chest find --versions budget\n  \
    chest find --mail hedge jubilee\n  \
    chest find --from bank --since 2026-10-01")]
pub struct Find {
    /// What to look for; of several words, all
    #[arg(value_name = "WORD", required_unless_present_any = ["mail", "from", "subject", "attachment"])]
    pub words: Vec<String>,
    /// Messages in mailboxes instead of files
    #[arg(long)]
    pub mail: bool,
    /// Only messages from somebody with this in the name or address
    #[arg(long, value_name = "PART")]
    pub from: Option<String>,
    /// Only messages with this in the subject
    #[arg(long, value_name = "PART")]
    pub subject: Option<String>,
    /// Only messages with this in the name of an attachment
    #[arg(long, value_name = "PART")]
    pub attachment: Option<String>,
    /// Only what was last changed, or sent, on this day or later, such as 2026-10-31
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only what was last changed, or sent, before this day
    #[arg(long, value_name = "DATE")]
    pub before: Option<String>,
    /// Only what is backed up as this
    #[arg(long, value_enum)]
    pub class: Option<ClassName>,
    /// Only what the newest backup no longer holds; of mail also what is marked as deleted there
    #[arg(long)]
    pub deleted: bool,
    /// Every version, newest first, each with its command; of a message every backup that has it
    #[arg(long)]
    pub versions: bool,
    /// All hits, not only the first twenty
    #[arg(long)]
    pub all: bool,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

impl Find {
    /// Whether messages are meant.
    pub fn is_for_mail(&self) -> bool {
        self.mail || self.from.is_some() || self.subject.is_some() || self.attachment.is_some()
    }
}

/// Look at one message of a mailbox, or save it
#[derive(Debug, Subcommand)]
pub enum Mail {
    /// Show a message as plain text
    ///
    /// Pages in HTML are shown as text, with the addresses to which their links really lead; nothing is fetched or run.
    #[command(after_help = "Examples:\n  chest find --mail hedge\n  chest mail show 1ab95b11e37b")]
    Show(MailShow),
    /// Save a message as an .eml file, or what is attached to it
    ///
    /// Mail programs open .eml files. A file of yours is never replaced: where the name is taken, the message is written beside
    /// it. What is there already is not written again.
    #[command(after_help = "Examples:\n  \
        chest mail save 1ab95b11e37b --to ~/restored\n  \
        chest mail save 1ab95b11e37b --attachments --to ~/restored")]
    Save(MailSave),
}

/// What to show.
#[derive(Debug, Args)]
pub struct MailShow {
    /// The message: the first letters of the id that `chest find --mail` shows
    #[arg(value_name = "ID", value_parser = message_id)]
    pub id: String,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

/// What to save, and where.
#[derive(Debug, Args)]
pub struct MailSave {
    /// The message: the first letters of the id that `chest find --mail` shows
    #[arg(value_name = "ID", value_parser = message_id)]
    pub id: String,
    /// The folder to save into; made where it is missing
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Save what is attached to the message instead
    #[arg(long)]
    pub attachments: bool,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

/// Write one file of a backup to standard output
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest cat latest:documents/Minutes/2026-10.txt\n  \
    chest cat 2026-11-21:documents/budget.xlsx > budget.xlsx")]
#[command(long_about = format!("Write one file of a backup to standard output\n\n{SNAPSHOT_HELP}\n\n{SECRETS}"))]
pub struct Cat {
    /// The backup and the file in it
    #[arg(value_name = "SNAPSHOT:PATH")]
    pub what: OsString,
    /// Which backups come into question.
    #[command(flatten)]
    pub narrow: Narrow,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

/// Show what changed between two backups
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  chest diff 2026-11-14 latest\n  chest diff 1a2b3c 4d5e6f --json")]
#[command(long_about = format!("Show what changed between two backups\n\n{SNAPSHOT_HELP}\n\n{SECRETS}"))]
pub struct Diff {
    /// The earlier backup
    #[arg(value_name = "A")]
    pub before: OsString,
    /// The later backup
    #[arg(value_name = "B")]
    pub after: OsString,
    /// Which backups come into question.
    #[command(flatten)]
    pub narrow: Narrow,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

/// Bring files back from a backup
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest restore latest --to ~/restored\n  \
    chest restore 2026-11-21 documents/Minutes --to ~/restored\n  \
    chest restore latest documents/budget.xlsx --to . --flat\n  \
    chest restore latest --to /srv --dry-run")]
#[command(long_about = format!(
    "Bring files back from a backup\n\nA file appears only when every byte of it is proven. Nothing of yours is lost: a file \
    that is there with other content stays, and the restored one is written beside it as `name (restored 21 November \
    2026).docx`.\n\n{SNAPSHOT_HELP}\n\n{SECRETS}"
))]
pub struct Restore {
    /// The backup
    #[arg(value_name = "SNAPSHOT")]
    pub snapshot: OsString,
    /// What to bring back; everything unless given
    #[arg(value_name = "PATH")]
    pub paths: Vec<OsString>,
    /// The folder to restore into; made where it is missing
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// Put each PATH directly into DIR, without the folders above it
    #[arg(long)]
    pub flat: bool,
    /// Replace files that are there with other content
    #[arg(long, conflicts_with = "skip_existing")]
    pub overwrite: bool,
    /// Leave files alone that are there already
    #[arg(long)]
    pub skip_existing: bool,
    /// Also bring back devices, set-user-id bits and privileged attributes
    #[arg(long)]
    pub privileged: bool,
    /// Only show what would happen
    #[arg(long)]
    pub dry_run: bool,
    /// Which backups come into question.
    #[command(flatten)]
    pub narrow: Narrow,
    /// What is read of an older copy.
    #[command(flatten)]
    pub older: Older,
}

/// Check that everything stored is there and intact
///
/// Without options: the history, the index and the lists of files. With --read-data also the stored content, all of it or a
/// share chosen at random. --scrub needs no passphrase: it proves every stored object by its name. Exit code 4 where damage is
/// found. A check changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest check\n  \
    chest check --read-data\n  \
    chest check --read-data 10%\n  \
    chest check --scrub                 without a passphrase")]
pub struct Check {
    /// Prove every stored object by its name, without a passphrase
    #[arg(long, conflicts_with = "read_data")]
    pub scrub: bool,
    /// Also read the stored content: all of it, or a share such as 10% or 0.1
    #[arg(
        long,
        value_name = "SHARE",
        num_args = 0..=1,
        default_missing_value = "100%",
        value_parser = share
    )]
    pub read_data: Option<f64>,
}

/// Try out the storage: is it fit for backups?
///
/// Stores about a thousand small files and some large ones below a folder `doctor` of the place given, reads, lists and deletes
/// them, measures the speed, and removes everything again. No backup is touched, and no passphrase is needed; there need be no
/// repository yet. Says in plain words what the storage can and cannot promise. Exit code 5 where it is not fit for backups.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chest --repo /media/usb/chest doctor\n  \
    chest --repo s3://bucket/chest --s3-endpoint https://s3.example.org doctor --json")]
pub struct Doctor {}

/// The computers that may add backups
#[derive(Debug, Subcommand)]
pub enum Writer {
    /// Allow this computer to add backups
    #[command(
        after_help = "Needs the passphrase or the recovery words once; backups need neither.\n\nExamples:\n  \
            chest writer enrol\n  chest writer enrol --afresh\n  \
            chest --repo /media/second/chest writer enrol --accept-unproven-state",
        long_about = format!(
            "Allow this computer to add backups\n\nWhere a computer of the same name has backed up before (this one, before it lost its \
             key, or the one that it replaces), what that one stored is read and proven, and is not sent again. A computer of which \
             a record is damaged or missing here, so that it cannot back up, goes on with a new key.\n\n{SECRETS}"
        )
    )]
    Enrol(EnrolArgs),
}

/// `chest writer enrol`
#[derive(Debug, Args)]
pub struct EnrolArgs {
    /// Take up nothing: read nothing that is stored and send everything again. For after a theft
    #[arg(long)]
    pub afresh: bool,
    /// Go on with a copy that is older than what this computer has seen, or lacks part of it, because the newer one is lost
    #[arg(long)]
    pub accept_unproven_state: bool,
}

/// The ways into the repository
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Try whether a passphrase or the recovery words open the repository
    #[command(
        after_help = "Examples:\n  chest key test\n  CHEST_RECOVERY_WORDS_FILE=sheet.txt chest key test",
        long_about = format!("Try whether a passphrase or the recovery words open the repository\n\n{SECRETS}")
    )]
    Test,
}

/// The settings, and where each of them comes from
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Config {
    /// Say whether the file of settings is in order
    #[command(after_help = "Example:\n  chest config check")]
    Check,
    /// Show every setting, and whether a flag, a variable or the file made it so
    ///
    /// Flags beat variables, and variables beat the file. Secrets are not shown.
    #[command(after_help = "Examples:\n  chest config show\n  CHEST_CONFIG=/etc/chest.toml chest config show --json")]
    Show,
    /// Say where the file of settings is looked for
    #[command(after_help = "Example:\n  chest config path")]
    Path,
}

/// Write a completion script for a shell
#[derive(Debug, Args)]
#[command(
    hide = true,
    after_help = "Example:\n  chest completions bash > ~/.local/share/bash-completion/completions/chest"
)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// Write a manual page
#[derive(Debug, Args)]
#[command(hide = true, after_help = "Examples:\n  chest man > chest.1\n  chest man backup > chest-backup.1")]
pub struct Man {
    /// The command; the program itself unless given
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `10%` or `0.1`: above 0 and at most 1.
fn share(text: &str) -> Result<f64, String> {
    let (digits, unit) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits, 100.0));
    match digits.trim().parse::<f64>().map(|number| number / unit) {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("give a share above 0 and at most all of it, such as 10% or 0.1".to_owned()),
    }
}

/// Six or more hexadecimal digits.
fn message_id(text: &str) -> Result<String, String> {
    let is_id = (6..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_id {
        Ok(text.to_lowercase())
    } else {
        Err("give six or more letters of an id that `chest find --mail` shows".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_contradicts_itself_nowhere() {
        Typed::command().debug_assert();
    }

    #[test]
    fn a_share_is_a_percentage_or_a_fraction() {
        assert_eq!(share("10%"), Ok(0.1));
        assert_eq!(share("1"), Ok(1.0));
        for text in ["0", "101%", "-1", "nan", "", "%", "many"] {
            assert!(share(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_command_teaches_by_an_example() {
        fn visit(command: &clap::Command) {
            let subcommands: Vec<_> = command.get_subcommands().filter(|one| one.get_name() != "help").collect();
            if subcommands.is_empty() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Example"), "{} has no example", command.get_name());
            }
            assert!(command.get_about().is_some(), "{} says nothing about itself", command.get_name());
            subcommands.into_iter().for_each(visit);
        }
        visit(&Typed::command());
    }
}
