//! Which names are looked at to find what all words fit. A word may be in a name or in the folders above it; so several searches
//! together find everything, and each is made as narrow as it can be.

use super::answer::Answer;
use super::names::Word;
use crate::EngineError;
use chest_catalogue::{Catalogue, Folders};
use std::rc::Rc;

/// So few names are looked at without further ado.
pub(super) const FEW: u64 = 500;

/// Looks at names.
#[derive(Clone)]
pub(super) struct Search<'w> {
    /// The word that is in the name.
    pub(super) word: usize,
    /// What the name holds beside it.
    pub(super) parts: Vec<&'w str>,
    /// Only what lies in these folders.
    pub(super) within: Option<Rc<Folders>>,
    /// Whatever has one of these in its name is found by another search.
    pub(super) earlier: &'w [Word],
    /// Whether a name that fits is a hit wherever it is.
    pub(super) is_by_name_alone: bool,
}

/// Where a word may be beside the name itself.
enum Elsewhere {
    Nowhere,
    In(Rc<Folders>),
    /// In the name of a root, which everything below has.
    Anywhere,
}

/// The searches that together find whatever all words fit.
pub(super) fn searches<'w>(
    answer: &Answer<'_>,
    catalogue: &Catalogue,
    words: &'w [Word],
) -> Result<Vec<Search<'w>>, EngineError> {
    let by_each: Vec<Search<'w>> = (0..words.len())
        .map(|word| {
            let search = by_name(word, words[word].parts(), &words[..word]);
            let within = words[word].is_way().then(|| led_into(answer, catalogue, &words[word])).transpose()?;
            Ok::<_, EngineError>(Search { within, ..search })
        })
        .collect::<Result<_, _>>()?;
    if let [word] = words {
        let is_by_name_alone = word.is_for_names();
        return Ok(by_each.into_iter().map(|search| Search { is_by_name_alone, ..search }).collect());
    }
    let elsewhere: Vec<Elsewhere> =
        words.iter().map(|word| elsewhere(answer, catalogue, word)).collect::<Result<_, _>>()?;
    let in_names = || (0..words.len()).filter(|&word| matches!(elsewhere[word], Elsewhere::Nowhere));
    // A word that is in no folder's name is in the name of every hit.
    let whole: Vec<Search<'w>> = match in_names().next() {
        Some(first) => {
            let is_by_name_alone = in_names().count() == words.len() && words.iter().all(Word::is_part);
            let search = by_name(first, in_names().flat_map(|word| words[word].parts()).collect(), &[]);
            vec![Search { is_by_name_alone, ..search }]
        }
        None => by_each,
    };
    let narrow: Vec<Vec<Search<'w>>> =
        whole.into_iter().map(|search| narrowed(search, catalogue, words, &elsewhere)).collect::<Result<_, _>>()?;
    Ok(narrow.into_iter().flatten().collect())
}

fn by_name<'w>(word: usize, parts: Vec<&'w str>, earlier: &'w [Word]) -> Search<'w> {
    Search { word, parts, within: None, earlier, is_by_name_alone: false }
}

/// The folders in which something may be that is meant.
fn led_into(answer: &Answer<'_>, catalogue: &Catalogue, word: &Word) -> Result<Rc<Folders>, EngineError> {
    let is_one = |folder: &[u8]| answer.all_chains().any(|chain| word.leads_into(&chain.label, folder));
    Ok(Rc::new(catalogue.folders(&is_one)?))
}

fn elsewhere(answer: &Answer<'_>, catalogue: &Catalogue, word: &Word) -> Result<Elsewhere, EngineError> {
    if answer.all_chains().any(|chain| word.may_be_in_folder(&chain.label)) {
        return Ok(Elsewhere::Anywhere);
    }
    let folders = catalogue.folders(&|path| word.may_be_in_folder(path))?;
    Ok(if folders.is_empty() { Elsewhere::Nowhere } else { Elsewhere::In(Rc::new(folders)) })
}

/// The same in two narrower searches, where many names would have to be looked at: another word is in the name, too, or it is in
/// one of its folders, of which all is looked at.
fn narrowed<'w>(
    search: Search<'w>,
    catalogue: &Catalogue,
    words: &'w [Word],
    elsewhere: &[Elsewhere],
) -> Result<Vec<Search<'w>>, EngineError> {
    let folders_of = |word: usize| match &elsewhere[word] {
        Elsewhere::In(folders) if word != search.word && words[word].is_part() => Some(folders),
        _ => None,
    };
    let narrowest = (0..words.len())
        .filter_map(|word| Some((folders_of(word)?, word)))
        .filter(|(folders, _)| !folders.hold_many())
        .min_by_key(|(folders, _)| folders.versions);
    let Some((folders, other)) = narrowest else { return Ok(vec![search]) };
    if search.within.is_some() || catalogue.are_few_names(&search.parts, FEW)? {
        return Ok(vec![search]);
    }
    let both = [&search.parts[..], &words[other].parts()].concat();
    Ok(vec![Search { parts: both, ..search.clone() }, Search { within: Some(folders.clone()), ..search }])
}
