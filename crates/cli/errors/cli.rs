//! What can be wrong before the engine is asked anything.

use super::Failure;
use crate::exit::Exit;
use crate::output::names::shown_place;
use chest_engine::repo::words::WordsError;
use std::path::PathBuf;

/// What was typed or set does not make sense, or a secret cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CliError {
    /// Nobody has said where the repository is.
    #[error("it is not known which repository is meant")]
    NoRepositoryGiven,
    /// `--repo ''`, as scripts write it where a variable is not set.
    #[error("the repository's place is empty")]
    EmptyRepository,
    /// Something like `ftp://host`.
    #[error("backups are kept in folders and in S3 storage; there is no support for {scheme}://")]
    UnknownScheme {
        /// What stood before the colon.
        scheme: String,
    },
    /// The file of settings cannot be read or understood.
    #[error("the settings in {}{} cannot be used: {problem}", shown_place(path), at_line(*line))]
    SettingsFile {
        /// Which file.
        path: PathBuf,
        /// Which line of it, where it is about one.
        line: Option<usize>,
        /// What is wrong.
        problem: String,
    },
    /// `s3://` and something that is no bucket and prefix.
    #[error("this is no address in S3 storage: {problem}")]
    NotABucket {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An endpoint or region that is not UTF-8.
    #[error("{name} holds something that is not text")]
    StorageSettingNotText {
        /// The variable that it could have come from.
        name: &'static str,
    },
    /// Something that is no number.
    #[error("{name} holds something that is no number of seconds")]
    NotSeconds {
        /// The variable.
        name: &'static str,
    },
    /// AWS asks for a region.
    #[error("it is not known in which region of AWS the bucket is")]
    NoRegion,
    /// The certificate of the storage's authority cannot be read.
    #[error("the certificate in {} cannot be used: {problem}", shown_place(path))]
    StorageCertificate {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// An address of storage that cannot be one.
    #[error("{0}")]
    StorageAddress(String),
    /// A region that cannot be one.
    #[error("\"{0}\" cannot be the name of a region")]
    NotARegion(String),
    /// Part of the key holds what no request can carry.
    #[error("{name} {problem}")]
    StorageKeyNotPlain {
        /// The variable, or the file and the name in it.
        name: String,
        /// What is wrong with it, without any of it.
        problem: &'static str,
    },
    /// There is no key to the storage.
    #[error("there is no key to the S3 storage: {0}")]
    NoStorageKey(String),
    /// The system does not say where files of a user belong.
    #[error("this system does not say where your home folder is")]
    NoHome,
    /// There is no secret, and nobody to ask.
    #[error("no passphrase was given, and there is nobody at the keyboard to ask")]
    NoSecret,
    /// A new repository needs a passphrase.
    #[error("no passphrase was given for the new repository, and there is nobody at the keyboard to show one to")]
    NoPassphraseForInit,
    /// The passphrase has no letters.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// A secret that is not UTF-8.
    #[error("{from} holds something that is not text")]
    SecretNotText {
        /// Where it came from.
        from: &'static str,
    },
    /// The file with the secret cannot be read.
    #[error("{} cannot be read: {problem}", shown_place(path))]
    SecretFile {
        /// Which file.
        path: PathBuf,
        /// The system's own words.
        problem: String,
    },
    /// The command that should write the passphrase failed.
    #[error("the command that should write the passphrase failed: {problem}")]
    SecretCommand {
        /// How.
        problem: String,
    },
    /// Somebody asked to stop.
    #[error("stopped before the end")]
    Interrupted,
    /// Not 24 words of the list.
    #[error(transparent)]
    Words(WordsError),
    /// Neither `latest` nor a date nor an id.
    #[error("\"{0}\" is not the name of a backup")]
    NotASnapshot(String),
    /// `..` and the like.
    #[error("\"{0}\" is not a path in a backup")]
    NotAPath(String),
    /// Neither a date nor like one.
    #[error("\"{0}\" is not a date")]
    NotADate(String),
    /// `--as` with several paths.
    #[error("--as gives a name to one PATH, and several were given")]
    OneNameForSeveral,
    /// What is to be backed up lies in the repository itself.
    #[error("{} is the repository itself, or lies in it", shown_place(.0))]
    SourceIsRepository(PathBuf),
    /// What is to be backed up lies in the folder with this computer's keys.
    #[error("{} holds this computer's keys and notes for backups, and does not belong in one", shown_place(.0))]
    SourceIsState(PathBuf),
    /// What is brought back would come into the repository, or among this computer's keys.
    #[error(
        "{} lies in the repository, or where this program keeps its own files: what is brought back would lie there unencrypted",
        shown_place(.0)
    )]
    TargetIsOurs(PathBuf),
    /// The words of a new repository would go to `/dev/null`.
    #[error("the recovery words would be seen by nobody, because the output is closed or goes to /dev/null")]
    WordsUnseen,
    /// This computer's notes of its own runs.
    #[error("the history of this computer's runs in {} cannot be read: {}", shown_place(.0), .1)]
    HistoryUnreadable(PathBuf, std::io::ErrorKind),
    /// An exclude pattern that cannot be understood.
    #[error("{0}")]
    Exclude(String),
    /// `demo --repo`.
    #[error("the demonstration makes a repository of its own")]
    DemoWithRepository,
    /// The folder for the demonstration.
    #[error("{0}")]
    DemoPlace(String),
    /// `man` for something that is no command.
    #[error("there is no command \"{0}\"")]
    NoSuchCommand(String),
}

fn at_line(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line},"))
}

impl From<CliError> for Failure {
    fn from(error: CliError) -> Self {
        let (exit, code, next) = advice(&error);
        let failure = Self::new(exit, code, error.to_string(), next);
        if exit == Exit::Usage { failure } else { failure.saying("The backups are untouched.") }
    }
}

fn advice(error: &CliError) -> (Exit, &'static str, &'static str) {
    const SOURCES: &str = "Set CHEST_PASSPHRASE_FILE, CHEST_PASSPHRASE_COMMAND or CHEST_RECOVERY_WORDS_FILE, or run this in a \
        terminal.";
    match error {
        CliError::NoRepositoryGiven => (
            Exit::Usage,
            "no-repository-given",
            "Give --repo with a folder or s3://BUCKET/PREFIX, or set CHEST_REPO, or write it into the file of settings.",
        ),
        CliError::EmptyRepository => (
            Exit::Usage,
            "empty-repository",
            "Give --repo with a folder or s3://BUCKET/PREFIX. In a script, see whether a variable has a value.",
        ),
        CliError::SettingsFile { .. } => (
            Exit::Usage,
            "settings-file",
            "Mend the file, then try `chest config check`. `chest config path` says where it is.",
        ),
        CliError::UnknownScheme { .. } => {
            (Exit::Usage, "unsupported-repository", "Give a folder, or s3://BUCKET/PREFIX for S3 storage.")
        }
        CliError::NotABucket { .. } => {
            (Exit::Usage, "not-a-bucket", "Write s3://BUCKET/PREFIX, and the address of the storage as --s3-endpoint.")
        }
        CliError::StorageSettingNotText { .. } => {
            (Exit::Usage, "setting-not-text", "Give it on the command line, in plain letters.")
        }
        CliError::NotSeconds { .. } => (Exit::Usage, "not-seconds", "Give a whole number, such as 900."),
        CliError::NoRegion => (
            Exit::Usage,
            "no-region",
            "Give --s3-region, such as eu-west-2; or --s3-endpoint where the storage is not AWS.",
        ),
        CliError::StorageCertificate { .. } => {
            (Exit::Usage, "storage-certificate", "Name a certificate in PEM form with --s3-ca or CHEST_S3_CA.")
        }
        CliError::StorageAddress(_) => (Exit::Usage, "bad-address", "Look at the address, and run this again."),
        CliError::NotARegion(_) => (
            Exit::Usage,
            "not-a-region",
            "Give --s3-region as the provider names it, such as eu-west-2: letters, digits and hyphens.",
        ),
        CliError::StorageKeyNotPlain { .. } => (
            Exit::Usage,
            "storage-key-not-plain",
            "Set it again as the provider gave it, with nothing around it. A file that was edited on Windows has an \
             invisible character at the end of each line.",
        ),
        CliError::NoStorageKey(_) => (
            Exit::Refused,
            "no-storage-key",
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write both into ~/.aws/credentials (see docs/operate).",
        ),
        CliError::NoHome => (Exit::Usage, "no-home", "Set CHEST_STATE_DIR and CHEST_CACHE_DIR to folders of your own."),
        CliError::NoSecret => (Exit::CannotUnlock, "no-secret", SOURCES),
        CliError::NoPassphraseForInit => (
            Exit::Usage,
            "no-passphrase",
            "Set CHEST_PASSPHRASE_FILE or CHEST_PASSPHRASE_COMMAND, or run this in a terminal to have one made up.",
        ),
        CliError::EmptyPassphrase => (Exit::CannotUnlock, "empty-passphrase", "Give a passphrase of several words."),
        CliError::SecretNotText { .. } => (Exit::CannotUnlock, "secret-not-text", "Save it as plain text in UTF-8."),
        CliError::SecretFile { .. } => (Exit::CannotUnlock, "secret-file", "Look at the file's name and rights."),
        CliError::SecretCommand { .. } => {
            (Exit::CannotUnlock, "secret-command", "Try the command by itself in a shell.")
        }
        CliError::Interrupted => (Exit::Interrupted, "interrupted", "Run the same command again when it suits you."),
        CliError::Words(_) => (Exit::CannotUnlock, "wrong-words", "Compare the words with the printed sheet."),
        CliError::NotASnapshot(_) => (
            Exit::Usage,
            "not-a-snapshot",
            "Write `latest`, a date such as 2026-11-21, or six or more letters of an id that `chest snapshots` shows.",
        ),
        CliError::NotAPath(_) => {
            (Exit::Usage, "not-a-path", "Write it as `chest ls` and `chest find` print it, without . and ..")
        }
        CliError::NotADate(_) => (Exit::Usage, "not-a-date", "Write the day like this: 2026-10-31."),
        CliError::OneNameForSeveral => (Exit::Usage, "one-name-for-several", "Back up one PATH at a time with --as."),
        CliError::SourceIsRepository(_) => {
            (Exit::Usage, "source-is-repository", "Back up your documents, not the backups.")
        }
        CliError::SourceIsState(_) => (Exit::Usage, "source-is-state", "Back up your documents."),
        CliError::TargetIsOurs(_) => (Exit::Usage, "target-is-ours", "Name a folder of your own: --to DIR."),
        CliError::WordsUnseen => (
            Exit::Usage,
            "words-unseen",
            "Run this in a terminal, or send the output where somebody can read it. No repository was made.",
        ),
        CliError::HistoryUnreadable(..) => (Exit::Failed, "history-unreadable", "Look at the rights of that folder."),
        CliError::Exclude(_) => {
            (Exit::Usage, "bad-pattern", "Write it as in .gitignore, for example '*.tmp' or '/old/'.")
        }
        CliError::DemoWithRepository => (Exit::Usage, "demo-with-repository", "Leave --repo out."),
        CliError::DemoPlace(_) => {
            (Exit::Usage, "demo-place", "Name an empty folder of your own, or one that does not exist yet: --dir DIR.")
        }
        CliError::NoSuchCommand(_) => (Exit::Usage, "no-such-command", "`chest help` lists the commands."),
    }
}
