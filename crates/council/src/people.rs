//! Who the council is: invented people of an invented parish. Domains end in `.example`, telephone numbers come from
//! the range kept for fiction, and the postcode area does not exist.

use crate::random::Random;

/// The council's name.
pub const COUNCIL_NAME: &str = "Wrenlow-under-Edge Parish Council";
/// Where the council receives its mail.
pub const COUNCIL_DOMAIN: &str = "wrenlow-pc.example";
/// The council's postal address.
pub const COUNCIL_ADDRESS: &str =
    "The Parish Office, Village Hall, Church Lane, Wrenlow-under-Edge, Westershire ZX7 4WU";
/// The council's telephone number.
pub const COUNCIL_TELEPHONE: &str = "01632 960 417";
/// The clerk's name.
pub const CLERK_NAME: &str = "Rosalind Haythorne";

/// A person with an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub name: String,
    pub address: String,
}

impl Person {
    fn new(name: &str, local: &str, domain: &str) -> Self {
        Self { name: name.to_owned(), address: format!("{local}@{domain}") }
    }

    /// What a letter calls them: the first name, or the title with the surname.
    pub fn first_name(&self) -> String {
        let name = self.name.trim_start_matches("Cllr ");
        let (first, rest) = name.split_once(' ').unwrap_or((name, ""));
        match first {
            "Mr" | "Mrs" | "Dr" => format!("{first} {}", rest.rsplit(' ').next().unwrap_or(rest)),
            _ => first.to_owned(),
        }
    }

    /// The domain of their address.
    pub fn domain(&self) -> &str {
        self.address.rsplit('@').next().unwrap_or_default()
    }
}

/// The councillors; the first is the Chairman.
pub(crate) const COUNCILLORS: [&str; 11] = [
    "Cllr Edmund Tallis",
    "Cllr Siân O'Neill",
    "Cllr Priya Raghunathan",
    "Cllr Bernard Oakenshaw",
    "Cllr Françoise Merriday",
    "Cllr Tobias Quellington",
    "Cllr Moira Strachan-Pugh",
    "Cllr Desmond Akintola",
    "Cllr Harriet Lovibond",
    "Cllr Zoë Wetherspur",
    "Cllr Colin Threlfall",
];

/// The clerk.
pub(crate) fn clerk() -> Person {
    Person::new(CLERK_NAME, "clerk", COUNCIL_DOMAIN)
}

/// The Chairman.
pub(crate) fn chair() -> Person {
    Person::new(COUNCILLORS[0], "chair", COUNCIL_DOMAIN)
}

/// The shared mailbox for planning.
pub(crate) fn planning_officer() -> Person {
    Person::new("Planning – Wrenlow-under-Edge", "planning", COUNCIL_DOMAIN)
}

/// One of the councillors.
pub(crate) fn councillor(random: &mut Random) -> Person {
    let name = *random.pick(&COUNCILLORS);
    Person::new(name, &local_part(name.trim_start_matches("Cllr ")), COUNCIL_DOMAIN)
}

/// Somebody from outside who writes to the council: a resident, a contractor, another council.
pub(crate) fn correspondent(random: &mut Random) -> Person {
    let name = resident_name(random);
    let domain = *random.pick(&DOMAINS);
    Person::new(&name, &local_part(&name), domain)
}

/// A resident's name.
pub(crate) fn resident_name(random: &mut Random) -> String {
    let first = *random.pick(&FIRST_NAMES);
    let last = *random.pick(&SURNAMES);
    match random.below(9) {
        0 => format!("Mrs {last}"),
        1 => format!("Mr {last}"),
        2 => format!("Dr {first} {last}"),
        _ => format!("{first} {last}"),
    }
}

/// A surname alone, as the burial register needs it.
pub(crate) fn surname(random: &mut Random) -> &'static str {
    SURNAMES[random.index(SURNAMES.len())]
}

/// Given names alone.
pub(crate) fn given_names(random: &mut Random) -> String {
    format!("{} {}", random.pick(&FIRST_NAMES), random.pick(&FIRST_NAMES))
}

/// A telephone number from the range kept for fiction.
pub(crate) fn telephone(random: &mut Random) -> String {
    match random.chance(50) {
        true => format!("01632 960 {:03}", random.below(1000)),
        false => format!("07700 900 {:03}", random.below(1000)),
    }
}

fn local_part(name: &str) -> String {
    let plain = |letter: char| match letter {
        'â' => Some('a'),
        'ç' => Some('c'),
        'ë' | 'é' => Some('e'),
        'ö' => Some('o'),
        ' ' => Some('.'),
        other => other.is_ascii_alphabetic().then(|| other.to_ascii_lowercase()),
    };
    name.chars().filter_map(plain).collect()
}

const DOMAINS: [&str; 14] = [
    "postbag.example",
    "postbag.example",
    "postbag.example",
    "villagemail.example",
    "villagemail.example",
    "edgevale-dc.example",
    "westershire-cc.example",
    "hobday-and-sons.example",
    "pettigrew-trees.example",
    "ashdown-play.example",
    "westershire-alc.example",
    "marlbarton-pc.example",
    "coombe-memorials.example",
    "drainage-board.example",
];

const FIRST_NAMES: [&str; 72] = [
    "Agnes", "Alan", "Alice", "Amir", "Angela", "Anthea", "Arthur", "Barbara", "Brian", "Carys", "Cecil", "Chloë",
    "Clive", "Daphne", "Deepa", "Derek", "Dorothy", "Douglas", "Edith", "Elspeth", "Emeka", "Enid", "Eric", "Fatima",
    "Felix", "Frances", "Geoffrey", "Gillian", "Glenys", "Graham", "Hazel", "Hector", "Hilda", "Hugh", "Imogen",
    "Ivor", "Janice", "Jasper", "Joyce", "Kamala", "Keith", "Leonard", "Lucy", "Mabel", "Malcolm", "Marjorie", "Megan",
    "Miriam", "Mohammed", "Nigel", "Norah", "Olive", "Oswald", "Pamela", "Percy", "Philippa", "Ralph", "René", "Rhoda",
    "Roland", "Rupert", "Sanjay", "Sheila", "Stanley", "Tamsin", "Trevor", "Ursula", "Verity", "Walter", "Wendy",
    "Winifred", "Yusuf",
];

const SURNAMES: [&str; 96] = [
    "Abbotson",
    "Addicott",
    "Allardyce",
    "Ambler",
    "Appleyard",
    "Banerjee",
    "Bartram",
    "Beddoes",
    "Birtwhistle",
    "Bosanko",
    "Bracegirdle",
    "Buckland",
    "Cadwallader",
    "Carrow",
    "Chaudhry",
    "Clutterbuck",
    "Coggins",
    "Cornthwaite",
    "Crabtree",
    "Culpin",
    "Dabney",
    "Dewhirst",
    "Dodd",
    "Drinkwater",
    "Eastaugh",
    "Entwistle",
    "Fairweather",
    "Fernyhough",
    "Fothergill",
    "Gadsby",
    "Garlick",
    "Gathercole",
    "Gooch",
    "Gotobed",
    "Greenhalgh",
    "Haddow",
    "Hallam",
    "Hathersage",
    "Heptonstall",
    "Hollingdale",
    "Huckerby",
    "Iddon",
    "Inskip",
    "Jellicoe",
    "Jessop",
    "Kershaw",
    "Kilvert",
    "Lambourne",
    "Larwood",
    "Lightfoot",
    "Loveday",
    "Makepeace",
    "Mandeville",
    "Mbeki",
    "McAllister",
    "Merryweather",
    "Moxon",
    "Müller",
    "Netherway",
    "Nunn",
    "Oddie",
    "Okafor",
    "Ormerod",
    "Osgood",
    "Pargeter",
    "Peascod",
    "Penhaligon",
    "Pilbeam",
    "Pomfret",
    "Purslow",
    "Quayle",
    "Rackstraw",
    "Ramsbottom",
    "Rosewarne",
    "Rowbotham",
    "Sandalwood",
    "Scrivener",
    "Shufflebotham",
    "Singh",
    "Sorley",
    "Stallybrass",
    "Swindlehurst",
    "Tattersall",
    "Thistlethwayte",
    "Tredwell",
    "Tuffnell",
    "Underhill",
    "Venables",
    "Wagstaff",
    "Warboys",
    "Whitticase",
    "Widdicombe",
    "Winterbottom",
    "Wolstenholme",
    "Yarrow",
    "Yelland",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_and_on_example_domains() {
        let mut random = Random::of(1, "people");
        for _ in 0..500 {
            for person in [councillor(&mut random), correspondent(&mut random)] {
                assert!(person.address.is_ascii() && person.address.ends_with(".example"), "{person:?}");
                assert!(!person.address.contains("..") && !person.address.contains(' '), "{person:?}");
            }
        }
        assert_eq!(local_part("Siân O'Neill"), "sian.oneill");
        assert_eq!(chair().first_name(), "Edmund");
        assert_eq!(Person::new("Dr Alan Dodd", "a", "b.example").first_name(), "Dr Dodd");
    }
}
