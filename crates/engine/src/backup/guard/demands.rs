//! Whether a file is named as extortionists name their demands for money: by what the well-known kinds of such programs have left behind so
//! far. Such names are few words, and nobody else's; a council has files called "readme", and writes of recovery and of decrypting itself.

/// What demands are written in.
const ENDINGS: [&str; 6] = ["txt", "html", "htm", "hta", "rtf", "png"];

/// What is said somewhere in a name, of which letters only count.
const SAYINGS: [&str; 24] = [
    "howtodecrypt",
    "howtorestore",
    "howtorecover",
    "howtobackfiles",
    "decryptinstruction",
    "decryptioninstruction",
    "recoverinstruction",
    "decryptmyfiles",
    "decryptyourfiles",
    "decryptallfiles",
    "restoremyfiles",
    "restoreyourfiles",
    "recovermyfiles",
    "recoveryourfiles",
    "unlockmyfiles",
    "unlockyourfiles",
    "filesencrypted",
    "filesareencrypted",
    "fileshavebeenencrypted",
    "helpdecrypt",
    "helpyourfiles",
    "readmetodecrypt",
    "wanadecryptor",
    "wannadecryptor",
];

/// Whole names, of which letters only count, that some such programs have added their own to.
const OF_THEIR_MAKERS: [&str; 6] =
    ["akirareadme", "ciopreadme", "clopreadme", "contireadme", "readmemedusa", "ryukreadme"];

/// A name that says what is to be done …
const DOING: [&str; 9] =
    ["decipher", "decrypt", "decrypter", "decryption", "decryptor", "decypher", "recover", "recovery", "restore"];
/// … and to what, or that it is to be read …
const ADDRESSING: [&str; 8] = ["file", "files", "help", "info", "information", "instruction", "instructions", "readme"];
/// … and nothing else that is not one of these, speaks of nothing of a council's own.
const FILLING: [&str; 13] =
    ["all", "and", "data", "first", "for", "how", "howto", "important", "my", "of", "please", "to", "your"];

/// Whether a file is named like one.
pub(super) fn is_demand(name: &[u8]) -> bool {
    let Some(dot) = name.iter().rposition(|byte| *byte == b'.') else { return false };
    let ending = String::from_utf8_lossy(&name[dot + 1..]).to_lowercase();
    if !ENDINGS.contains(&ending.as_str()) {
        return false;
    }
    let stem = String::from_utf8_lossy(&name[..dot]);
    let letters: String = stem.chars().filter(|letter| letter.is_alphabetic()).flat_map(char::to_lowercase).collect();
    SAYINGS.iter().any(|saying| letters.contains(saying))
        || OF_THEIR_MAKERS.contains(&letters.as_str())
        || speaks_of_nothing_else(&stem)
        || is_shouted(&stem, &letters)
        || bears_a_mark(&stem)
        // Nobody else writes programs for the browser in a folder of documents.
        || ending == "hta" && ["info", "readme", "readthis"].contains(&letters.as_str())
}

/// `README_DECRYPT`, `DECRYPT-FILES`, `RECOVERY_INSTRUCTIONS 7F2A`, and no `Disaster recovery instructions`.
fn speaks_of_nothing_else(stem: &str) -> bool {
    let name = stem.to_lowercase();
    // Words with a digit in them tell the victims apart.
    let is_plain = |word: &&str| !word.is_empty() && !word.contains(char::is_numeric);
    let words: Vec<&str> = name.split(|letter: char| !letter.is_alphanumeric()).filter(is_plain).collect();
    let joined = words.join(" ").replace("read me", "readme");
    let words: Vec<&str> = joined.split(' ').collect();
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let is_known = |word: &&str| DOING.contains(word) || ADDRESSING.contains(word) || FILLING.contains(word);
    has(&DOING) && has(&ADDRESSING) && words.iter().all(is_known)
}

/// `!!!READ_ME!!!`, `@Please_Read_Me@`.
fn is_shouted(stem: &str, letters: &str) -> bool {
    let is_between = |sign: &str| stem.starts_with(sign) && stem.ends_with(sign);
    letters == "readme" && stem.starts_with("!!") || letters == "pleasereadme" && is_between("@")
}

/// What some write letter for letter, or beside a name of their victim's that they have drawn by lot.
fn bears_a_mark(stem: &str) -> bool {
    let name = stem.to_ascii_lowercase();
    let beside_readme =
        [".readme", "-readme"].iter().find_map(|end| name.strip_suffix(end)).map(|id| &stem[..id.len()]);
    let after_readme = name.strip_prefix("readme.").map(|id| &stem[stem.len() - id.len()..]);
    stem == "_readme"
        || stem.len() > "-DECRYPT".len() && stem.ends_with("-DECRYPT")
        || stem.starts_with("RECOVER-") && stem.ends_with("-FILES")
        || beside_readme.or(after_readme).is_some_and(is_drawn_by_lot)
}

/// No word, nor one with a number or a year: a digit between letters, or capitals more than once after small letters.
fn is_drawn_by_lot(id: &str) -> bool {
    let kind = |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_uppercase());
    let kinds: Vec<_> = id.bytes().map(kind).collect();
    let first = kinds.iter().position(|(is_digit, _)| !is_digit);
    let last = kinds.iter().rposition(|(is_digit, _)| !is_digit);
    let has_digit_between =
        first.zip(last).is_some_and(|(first, last)| kinds[first..=last].iter().any(|(is_digit, _)| *is_digit));
    let capitals = kinds.windows(2).filter(|pair| pair[0] == (false, false) && pair[1].1).count();
    (5..=10).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (has_digit_between || capitals > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demands_are_known_by_the_names_that_well_known_programs_have_left() {
        for name in [
            "HOW_TO_DECRYPT.txt",
            "!!!how-to-restore-files!!!.html",
            "RECOVER YOUR FILES.hta",
            "_HELP_decrypt.PNG",
            "README_DECRYPT.txt",
            "DECRYPT_README.TXT",
            "!README_FOR_DECRYPT.txt",
            "_readme.txt",
            "DECRYPT-FILES.html",
            "DECRYPT-FILES.txt",
            "RECOVERY_INSTRUCTIONS.html",
            "Recovery_Instructions 7F2A.html",
            "_Locky_recover_instructions.txt",
            "HOW_TO_RESTORE_FILES.txt",
            "HOW_TO_RECOVER_DATA.html",
            "Howto_Restore_FILES.txt",
            "HELP_RESTORE_FILES.txt",
            "HOW_TO_DECYPHER_FILES.hta",
            "HowToDecrypt.txt",
            "HOW_TO_BACK_FILES.html",
            "RESTORE-MY-FILES.TXT",
            "LockBit Restore-My-Files.txt",
            "README_TO_RESTORE_FILES.txt",
            "!!!READ_ME!!!.txt",
            "!! READ ME !!.txt",
            "!!READ_ME_MEDUSA!!!.txt",
            "@Please_Read_Me@.txt",
            "@WanaDecryptor@.png",
            "# DECRYPT MY FILES #.html",
            "HELP_YOUR_FILES.PNG",
            "DECRYPT_INFORMATION.html",
            "KRAB-DECRYPT.txt",
            "FILES ENCRYPTED.txt",
            "FILE RECOVERY.txt",
            "RECOVER-uhwuvzu-FILES.txt",
            "HLJkNskOq.README.txt",
            "xdb3ge-readme.txt",
            "README.7f3a9c1e.TXT",
            "akira_readme.txt",
            "RyukReadMe.html",
            "info.hta",
        ] {
            assert!(is_demand(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn what_a_council_writes_itself_of_reading_recovery_and_decrypting_is_none() {
        for name in [
            "readme.txt",
            "README.html",
            "Readme first.txt",
            "READ ME.txt",
            "!Read me.txt",
            "_README.txt",
            "_ReadMe.txt",
            "README.minutes.txt",
            "README.2026.txt",
            "Accounts.README.txt",
            "hall2026-readme.txt",
            "McCarthy-readme.txt",
            "Please read me.txt",
            "Instructions.html",
            "Instructions - read me.txt",
            "info.txt",
            "Help.html",
            "Files.txt",
            "Decrypting the budget.docx",
            "Decrypting the budget.txt",
            "Readme before decrypting the memory stick.txt",
            "decrypt.txt",
            "Encrypted files.txt",
            "Disaster recovery instructions.html",
            "Flood recovery information.html",
            "Recovery plan.txt",
            "BitLocker Recovery Key 1A2B3C4D.TXT",
            "Recovering the hall roof.txt",
            "Restore the war memorial.txt",
            "Unlock instructions hall.html",
            "How to decipher old registers.txt",
            "Ransomware policy.docx",
            "README_DECRYPT.docx",
            "how to decrypt",
            "King's ransom.txt",
            "How to restore the hall roof.pdf",
            "",
            ".txt",
            "\u{130}-readme.txt",
        ] {
            assert!(!is_demand(name.as_bytes()), "{name}");
        }
        assert!(!is_demand(b"\xff\xfe-readme.txt"));
    }
}
