//! Whose last complete backup a root is held against: its own, by its name; or that of a root which it seems to have come in the place
//! of, because a folder was renamed or an export bears the day in its name. Where neither is clear, nobody can judge it.

use super::named::{Named, shares_folders};
use crate::same_place::letters;
use chest_model::Class;
use chest_repo::local::{Baseline, BaselineRoot};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// What was found out of the roots of a run.
pub(super) struct Lineage<'b> {
    /// For each, in their order, the name under which its last complete backup is known.
    pub(super) of: Vec<Option<&'b [u8]>>,
    /// What was named together with one of them the last time, and is not now.
    pub(super) left_out: Vec<&'b [u8]>,
    /// What came out of a path that is named again, and is not there now: a folder may hold several exports, each a root of its own.
    pub(super) vanished: Vec<&'b [u8]>,
    /// Exports that came out of a path that is named again, and whose folders another export of their form has now.
    pub(super) merged: Vec<&'b [u8]>,
}

/// Looks for the past of every root; `is_still_there` says whether a path is a folder now.
pub(super) fn lineage<'b>(
    roots: &[Named<'_>],
    baseline: &'b Baseline,
    is_still_there: &dyn Fn(&[u8]) -> bool,
) -> Lineage<'b> {
    // What nobody could read, and came from elsewhere, never was complete, and cannot be missed.
    let is_its_own = |root: &Named<'_>, past: &BaselineRoot| !(root.is_unread && root.is_from_elsewhere(past));
    let known = |root: &Named<'_>| {
        let (label, _) = baseline.roots.get_key_value(root.label).filter(|(_, past)| is_its_own(root, past))?;
        Some(label.as_slice())
    };
    let mut search = Search { roots, baseline, is_still_there, of: roots.iter().map(known).collect() };
    search.by_memory();
    search.by_form();
    search.by_path();
    search.by_name();
    search.by_folders();
    search.by_moved_folder();
    search.by_place();
    let (merged, vanished): (Vec<_>, Vec<_>) = search.vanished().partition(|(_, past)| search.are_folders_there(past));
    let (merged, vanished) = (labels(merged), labels(vanished));
    let is_left_out = |past: &BaselineRoot| !search.is_named_again(past) && search.was_named_with_these(past);
    let left_out = search.free().filter(|(_, past)| is_left_out(past)).map(|(label, _)| label).collect();
    // That another held nothing does not say that this one may be empty.
    let says_something = |root: &Named<'_>, label: &&[u8]| {
        let is_its_own = |past: &BaselineRoot| root.label == *label && !root.is_from_elsewhere(past);
        baseline.roots.get(*label).is_some_and(|past| past.held.files > 0 || is_its_own(past))
    };
    let of = roots.iter().zip(search.of).map(|(root, label)| label.filter(|label| says_something(root, label)));
    Lineage { left_out, vanished, merged, of: of.collect() }
}

fn labels<'b>(all: Vec<(&'b [u8], &'b BaselineRoot)>) -> Vec<&'b [u8]> {
    all.into_iter().map(|(label, _)| label).collect()
}

struct Search<'r, 'b> {
    roots: &'r [Named<'r>],
    baseline: &'b Baseline,
    is_still_there: &'r dyn Fn(&[u8]) -> bool,
    of: Vec<Option<&'b [u8]>>,
}

impl<'b> Search<'_, 'b> {
    /// What was backed up before and is neither named now nor taken.
    fn free(&self) -> impl Iterator<Item = (&'b [u8], &'b BaselineRoot)> {
        let taken: BTreeSet<&[u8]> =
            self.roots.iter().map(|root| root.label).chain(self.of.iter().flatten().copied()).collect();
        let all = self.baseline.roots.iter().map(|(label, past)| (label.as_slice(), past));
        all.filter(|(label, _)| !taken.contains(label)).collect::<Vec<_>>().into_iter()
    }

    /// The roots of which nothing is known yet, by their place among all.
    fn strangers(&self) -> Vec<usize> {
        (0..self.roots.len()).filter(|&at| self.of[at].is_none() && !self.roots[at].is_unread).collect()
    }

    /// What it was held against when it was last backed up, and not complete. Found anew that might not be, as by those that are named
    /// with it; and a doubt about it would be gone.
    fn by_memory(&mut self) {
        for at in self.strangers() {
            let remembered = self.baseline.stood_in_for(self.roots[at].label);
            self.of[at] = remembered.filter(|label| self.roots.iter().all(|root| root.label != *label));
        }
    }

    /// The same of the exports in a folder, whatever they were called then: where there is only one of a form, it has the folder's own
    /// name. Of several, first those that share folders or are as long as each other, then whatever is left, in order.
    fn by_form(&mut self) {
        for needs_likeness in [true, false] {
            let pasts: Vec<_> = self.free().filter(|(_, past)| past.form.is_some()).collect();
            for (label, past) in pasts {
                let likeness = |at: &usize| {
                    let found = self.roots[*at].found;
                    (shares_folders(found, past).0, found.held == past.held)
                };
                let of_form = (0..self.roots.len()).filter(|&at| self.is_of_form(at, past) && !self.has_own(at));
                let (unread, of_form): (Vec<_>, Vec<_>) = of_form.partition(|&at| self.roots[at].is_unread);
                // What cannot be read may be what this was: none other is, unless it is like it.
                let needs_likeness = needs_likeness || !unread.is_empty();
                let best = of_form.into_iter().max_by_key(|at| (likeness(at), Reverse(*at)));
                if let Some(at) = best.filter(|at| !needs_likeness || likeness(at) > (0, false)) {
                    self.of[at] = Some(label);
                }
            }
        }
    }

    /// Whether it came out of the same path in the same form.
    fn is_of_form(&self, at: usize, past: &BaselineRoot) -> bool {
        self.roots[at].is_in_place_of(past) && self.roots[at].form == past.form
    }

    /// Whether it is known by its own name, as what it is now.
    fn has_own(&self, at: usize) -> bool {
        let own = self.of[at].and_then(|label| self.baseline.roots.get(label));
        own.is_some_and(|own| own.form == self.roots[at].form)
    }

    /// The same path, whatever is there now: a link leads elsewhere, or a file stands where a folder was, and has another name.
    fn by_path(&mut self) {
        for at in self.strangers() {
            // Exports in one path are several things.
            let is_same = |past: &BaselineRoot| past.form.is_none() && self.is_of_form(at, past);
            if let [label] = latest(self.free().filter(|(_, past)| is_same(past)))[..] {
                self.of[at] = Some(label);
            }
        }
    }

    /// What came out of a path that is named now, and is not there: nothing of its form is, or other exports of that form.
    fn vanished(&self) -> impl Iterator<Item = (&'b [u8], &'b BaselineRoot)> {
        self.free().filter(|(_, past)| self.is_vanished(past)).collect::<Vec<_>>().into_iter()
    }

    fn is_vanished(&self, past: &BaselineRoot) -> bool {
        let mut there = self.roots.iter().enumerate().filter(|(_, root)| root.is_in_place_of(past)).peekable();
        let is_another = |at: usize| past.form.is_some() && self.is_of_form(at, past) && self.has_own(at);
        let is_not_it = |at, root: &Named<'_>| !root.holds(&past.form) || root.found.is_missing || is_another(at);
        past.held.files > 0
            && there.peek().is_some()
            && there.all(|(at, root)| !root.is_closed() && is_not_it(at, root))
    }

    /// Whether an export of the same form has more than half of its folders.
    fn are_folders_there(&self, past: &BaselineRoot) -> bool {
        let has_most = |at: usize| shares_folders(self.roots[at].found, past).0 * 2 > past.folders.len();
        past.form.is_some() && (0..self.roots.len()).any(|at| self.is_of_form(at, past) && has_most(at))
    }

    fn is_named_again(&self, past: &BaselineRoot) -> bool {
        self.roots.iter().any(|root| root.is_in_place_of(past))
    }

    /// Names that differ in digits and signs only: an export of each week. As many as there were last time follow each other in order.
    fn by_name(&mut self) {
        let mut groups: BTreeMap<(Class, Vec<u8>), Vec<usize>> = BTreeMap::new();
        for at in self.strangers() {
            let Named { label, class, .. } = &self.roots[at];
            groups.entry((*class, letters(label))).or_default().push(at);
        }
        for ((class, letters_of), mut group) in groups.into_iter().filter(|((_, letters), _)| !letters.is_empty()) {
            let is_like = |label: &[u8], past: &BaselineRoot| past.class == Some(class) && letters(label) == letters_of;
            let earlier = latest(self.free().filter(|(label, past)| is_like(label, past)));
            group.sort_by_key(|&at| self.roots[at].label);
            if earlier.len() == group.len() {
                group.into_iter().zip(earlier).for_each(|(at, label)| self.of[at] = Some(label));
            }
        }
    }

    /// More than half of a root's folders were folders of the other.
    fn by_folders(&mut self) {
        for at in self.strangers() {
            let root = &self.roots[at];
            let is_like = |past: &BaselineRoot| root.is_of_kind_of(past) && root.has_folders_of(past);
            if let [label] = latest(self.free().filter(|(_, past)| is_like(past)))[..] {
                self.of[at] = Some(label);
            }
        }
    }

    /// What came out of a folder that is not there any more, and has another name now: the only export of its form beside the only one
    /// that was known, though none of its folders was. So has what lies beside them.
    fn by_moved_folder(&mut self) {
        for at in self.strangers() {
            let root = &self.roots[at];
            let is_alone = |other: &Named<'_>| other.class == root.class && other.form == root.form;
            let is_moved = |past: &BaselineRoot| {
                past.class == Some(root.class)
                    && past.form == root.form
                    && past.place.as_deref().is_some_and(|place| !(self.is_still_there)(place))
            };
            let pasts: Vec<_> = self.free().filter(|(_, past)| is_moved(past)).collect();
            if let ([(label, _)], Some(_), 1) =
                (&pasts[..], &root.form, self.roots.iter().filter(|other| is_alone(other)).count())
            {
                self.of[at] = Some(label);
            }
        }
        for at in self.strangers().into_iter().filter(|&at| self.roots[at].found.is_beside) {
            let root = &self.roots[at];
            let beside =
                self.roots.iter().zip(&self.of).filter(|(one, _)| one.form.is_some() && one.place == root.place);
            let pasts = beside.filter_map(|(_, of)| self.baseline.roots.get((*of)?));
            let places: BTreeSet<&[u8]> = pasts.filter_map(|past| past.place.as_deref()).collect();
            let lay_beside = |past: &BaselineRoot| {
                past.class == Some(root.class)
                    && past.form.is_none()
                    && past.place.as_deref().is_some_and(|place| places.contains(place))
            };
            if let [(label, _)] = self.free().filter(|(_, past)| lay_beside(past)).collect::<Vec<_>>()[..] {
                self.of[at] = Some(label);
            }
        }
    }

    /// The only one that is new of its class, beside others that were named last time together with the only one that is not named now.
    fn by_place(&mut self) {
        for class in Class::ALL {
            let strangers: Vec<usize> =
                self.strangers().into_iter().filter(|&at| self.roots[at].class == class).collect();
            let gone = self.free().filter(|(_, past)| past.class == Some(class) && self.was_named_with_these(past));
            if let ([at], [(label, past)]) = (&strangers[..], &gone.collect::<Vec<_>>()[..])
                && self.roots[*at].is_of_kind_of(past)
                // In one folder, exports of two services are two things.
                && !(self.roots[*at].is_in_place_of(past) && self.roots[*at].form != past.form)
            {
                self.of[*at] = Some(label);
            }
        }
    }

    fn was_named_with_these(&self, past: &BaselineRoot) -> bool {
        let known = self.of.iter().flatten().filter_map(|label| self.baseline.roots.get(*label));
        known.into_iter().any(|root| root.last_named == past.last_named)
    }
}

/// Of these, those that were named last, in the order of their names.
fn latest<'b>(all: impl Iterator<Item = (&'b [u8], &'b BaselineRoot)>) -> Vec<&'b [u8]> {
    let all: Vec<_> = all.collect();
    let last = all.iter().map(|(_, past)| past.last_named).max();
    all.into_iter().filter(|(_, past)| Some(past.last_named) == last).map(|(label, _)| label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::guard::found::Found;
    use chest_model::{Amount, ChunkId, Timestamp};
    use chest_repo::local::Noticed;

    /// Where every folder is still there.
    fn lineage<'b>(roots: &[Named<'_>], baseline: &'b Baseline) -> Lineage<'b> {
        super::lineage(roots, baseline, &|_| true)
    }

    const DOCUMENTS: Class = Class::Documents;

    fn found(folders: &[&str]) -> Found {
        let mut found = Found::default();
        folders.iter().for_each(|folder| found.folders.folder(folder.as_bytes()));
        found
    }

    /// Label, class, when it was last named, and folders.
    type Past = (&'static str, Class, i64, &'static [&'static str]);

    fn baseline(roots: &[Past]) -> Baseline {
        let root = |(label, class, named, folders): &Past| {
            let past = BaselineRoot {
                ended: Timestamp::new(*named, 0),
                tree: ChunkId([0; 32]),
                held: Amount { files: 1, bytes: 1 },
                folders: found(folders).folders.remembered(),
                scrambled: 0,
                plain: None,
                own_doing: None,
                demands: 0,
                class: Some(*class),
                last_named: Timestamp::new(*named, 0),
                place: None,
                form: None,
                stand_ins: Vec::new(),
                accepted: None,
                filled: None,
            };
            (label.as_bytes().to_vec(), past)
        };
        Baseline { roots: roots.iter().map(root).collect(), ..Baseline::default() }
    }

    /// What each of these is held against, and what is left out.
    fn judged(past: &[Past], now: &[(&str, Class, &[&str])]) -> (Vec<String>, Vec<String>) {
        let baseline = baseline(past);
        let found: Vec<Found> = now.iter().map(|(_, _, folders)| found(folders)).collect();
        let named = now.iter().zip(&found).map(|((label, class, _), found)| Named {
            label: label.as_bytes(),
            class: *class,
            is_unread: false,
            found,
            place: b"/somewhere",
            form: None,
        });
        let Lineage { of, left_out, .. } = lineage(&named.collect::<Vec<_>>(), &baseline);
        let text = |label: &[u8]| String::from_utf8(label.to_vec()).unwrap();
        let of = of.into_iter().map(|label| label.map_or("nothing".to_owned(), text)).collect();
        (of, left_out.into_iter().map(text).collect())
    }

    #[test]
    fn a_root_of_the_same_name_is_the_same_whatever_else_there_is() {
        let past: &[Past] = &[("docs", DOCUMENTS, 1, &["a"]), ("docs 2", DOCUMENTS, 9, &["b"])];
        assert_eq!(judged(past, &[("docs", DOCUMENTS, &["b"])]).0, ["docs"]);
    }

    #[test]
    fn exports_with_the_day_in_their_names_follow_each_other() {
        let mail = Class::Email;
        let past: &[Past] = &[
            ("mail-2026-11-07.mbox", mail, 1, &[]),
            ("mail-2026-11-14.mbox", mail, 2, &[]),
            ("clerk 1 2026-11-14.mbox", mail, 2, &[]),
            ("clerk 2 2026-11-14.mbox", mail, 2, &[]),
            ("2026", DOCUMENTS, 2, &[]),
        ];
        let now: &[(&str, Class, &[&str])] = &[
            ("mail-2026-11-21.mbox", mail, &[]),
            ("clerk 2 2026-11-21.mbox", mail, &[]),
            ("clerk 1 2026-11-21.mbox", mail, &[]),
        ];
        let expected = ["mail-2026-11-14.mbox", "clerk 2 2026-11-14.mbox", "clerk 1 2026-11-14.mbox"];
        let (of, left_out) = judged(past, now);
        assert_eq!((of, left_out), (expected.map(str::to_owned).to_vec(), vec!["2026".to_owned()]));
        assert_eq!(judged(past, &[("Mail (1).mbox", mail, &[])]).0, ["mail-2026-11-14.mbox"]);
        assert_eq!(judged(past, &[("mail-2026-11-21.mbox", DOCUMENTS, &[])]).0, ["nothing"], "of another class");
        assert_eq!(judged(past, &[("clerk 3.mbox", mail, &[])]).0, ["nothing"], "it may be either");
        assert_eq!(judged(past, &[("2027", DOCUMENTS, &[])]).0, ["nothing"], "a name without letters says nothing");
    }

    #[test]
    fn a_folder_that_was_renamed_is_known_by_its_folders() {
        let past: &[Past] = &[
            ("Documents", DOCUMENTS, 2, &["Minutes", "Minutes/2025", "Accounts"]),
            ("photos", DOCUMENTS, 1, &["Jubilee"]),
        ];
        let renamed = |folders| judged(past, &[("Documents - Parish", DOCUMENTS, folders)]).0;
        assert_eq!(renamed(&["Minutes", "Accounts", "New"]), ["Documents"]);
        assert_eq!(renamed(&["Accounts"]), ["Documents"], "what is left of them");
        assert_eq!(renamed(&["Minutes", "New"]), ["nothing"]);
        assert_eq!(renamed(&[]), ["nothing"]);
        assert_eq!(judged(past, &[("Council", Class::Other, &["Minutes"])]).0, ["nothing"], "of another class");
    }

    #[test]
    fn the_only_new_one_stands_in_the_place_of_the_only_one_that_is_not_named() {
        let past: &[Past] = &[("docs", DOCUMENTS, 2, &[]), ("mail", Class::Email, 2, &[]), ("old", DOCUMENTS, 1, &[])];
        let mail: (&str, Class, &[&str]) = ("mail", Class::Email, &[]);
        let (of, left_out) = judged(past, &[("papers", DOCUMENTS, &[]), mail]);
        assert_eq!((of, left_out), (vec!["docs".to_owned(), "mail".to_owned()], vec![]));
        let two = [("papers", DOCUMENTS, &[][..]), ("plans", DOCUMENTS, &[]), mail];
        let (of, left_out) = judged(past, &two);
        assert_eq!(
            (of, left_out),
            (["nothing", "nothing", "mail"].map(str::to_owned).to_vec(), vec!["docs".to_owned()])
        );
        // Backed up by a command of its own it is in nobody's place.
        let (of, left_out) = judged(past, &[("papers", DOCUMENTS, &[])]);
        assert_eq!((of, left_out), (vec!["nothing".to_owned()], vec![]));
    }

    fn documents<'r>(label: &'r [u8], found: &'r Found) -> Named<'r> {
        Named { label, class: DOCUMENTS, is_unread: false, found, place: b"/somewhere", form: None }
    }

    #[test]
    fn what_was_held_against_another_is_so_again_whatever_is_named_with_it_unless_that_is_named_itself() {
        let mut past = baseline(&[("docs", DOCUMENTS, 2, &["Minutes"]), ("papers 2025", DOCUMENTS, 3, &["Hall"])]);
        past.note_stand_in(b"papers 2026", b"docs");
        let found = found(&["Hall"]);
        let root = |label| documents(label, &found);
        assert_eq!(lineage(&[root(b"papers 2026")], &past).of, [Some(&b"docs"[..])]);
        let both = [root(b"docs"), root(b"papers 2026")];
        assert_eq!(lineage(&both, &past).of, [Some(&b"docs"[..]), Some(&b"papers 2025"[..])]);
        let unread = Named { is_unread: true, ..root(b"papers 2026") };
        assert_eq!(lineage(&[unread], &past).of, [None], "it never was complete, and cannot be missed");
        past.forget_stand_in(b"papers 2026");
        assert_eq!(lineage(&[root(b"papers 2026")], &past).of, [Some(&b"papers 2025"[..])]);
    }

    #[test]
    fn another_that_held_nothing_is_nobodys_past() {
        let mut past = baseline(&[("Plans 2025", DOCUMENTS, 1, &["Hall", "Field"])]);
        let found = found(&["Hall", "Field"]);
        let root = |label| documents(label, &found);
        assert_eq!(lineage(&[root(b"Plans 2026")], &past).of, [Some(&b"Plans 2025"[..])]);
        past.roots.values_mut().for_each(|root| root.held = Amount::default());
        assert_eq!(lineage(&[root(b"Plans 2026")], &past).of, [None]);
        assert_eq!(lineage(&[root(b"Plans 2025")], &past).of, [Some(&b"Plans 2025"[..])], "but its own");
    }

    #[test]
    fn what_stands_in_a_path_is_held_against_what_was_backed_up_from_it_whatever_that_was_called() {
        let mut past = baseline(&[("real", DOCUMENTS, 2, &["Minutes"]), ("new", DOCUMENTS, 1, &[])]);
        past.roots.values_mut().for_each(|root| root.place = Some(b"/home/docs".to_vec()));
        let found = found(&[]);
        let root =
            |place, form| Named { label: b"docs", class: DOCUMENTS, is_unread: false, found: &found, place, form };
        assert_eq!(lineage(&[root(b"/home/docs", None)], &past).of, [Some(&b"real"[..])]);
        assert_eq!(lineage(&[root(b"/home/other", None)], &past).of, [None]);
        assert_eq!(lineage(&[root(b"/home/docs", Some(b"a#.zip".to_vec()))], &past).of, [None], "an export");
        let email = Named { class: Class::Email, ..root(b"/home/docs", None) };
        assert_eq!(lineage(&[email], &past).of, [None]);
        let known = Named { label: b"new", ..root(b"/home/docs", None) };
        assert_eq!(lineage(&[known], &past).of, [Some(&b"new"[..])], "its own");
    }

    #[test]
    fn what_is_backed_up_by_another_command_is_not_left_out() {
        let past: &[Past] = &[("docs", DOCUMENTS, 2, &[]), ("mail", Class::Email, 3, &[])];
        assert_eq!(judged(past, &[("docs", DOCUMENTS, &[])]), (vec!["docs".to_owned()], vec![]));
    }

    #[test]
    fn an_export_of_a_folder_does_not_come_in_its_place_nor_the_folder_in_that_of_the_export() {
        let folders: &[&str] = &["docs", "docs/clerk"];
        let found = found(folders);
        for (before, now) in [(None, Some(b"OneDrive_#.zip".to_vec())), (Some(b"OneDrive_#.zip".to_vec()), None)] {
            let mut past = baseline(&[("documents", DOCUMENTS, 1, &["docs", "docs/clerk", "crates"])]);
            past.roots.values_mut().for_each(|root| root.form = before.clone());
            let root =
                Named { label: b"x", class: DOCUMENTS, is_unread: false, found: &found, place: b"/x", form: now };
            assert_eq!(lineage(std::slice::from_ref(&root), &past).of, [None]);
            let as_before = Named { form: before, ..root };
            assert_eq!(lineage(&[as_before], &past).of, [Some(&b"documents"[..])]);
        }
    }

    #[test]
    fn of_several_exports_of_one_form_each_is_held_against_the_one_whose_folders_it_has() {
        let mut past = baseline(&[
            ("exp (Finance)", DOCUMENTS, 1, &["Finance", "Finance/2026"]),
            ("exp (Minutes)", DOCUMENTS, 1, &["Minutes", "Minutes/2026"]),
        ]);
        for root in past.roots.values_mut() {
            (root.place, root.form) = (Some(b"/exp".to_vec()), Some(b"a#.zip".to_vec()));
        }
        let judged = |labels: &[&str], folders: &[&[&str]]| {
            let found: Vec<Found> = folders.iter().map(|folders| found(folders)).collect();
            let named = labels.iter().zip(&found).map(|(label, found)| Named {
                label: label.as_bytes(),
                class: DOCUMENTS,
                is_unread: false,
                found,
                place: b"/exp",
                form: Some(b"a#.zip".to_vec()),
            });
            let Lineage { of, vanished, merged, .. } = lineage(&named.collect::<Vec<_>>(), &past);
            let text = |label: &[u8]| String::from_utf8(label.to_vec()).unwrap();
            let of: Vec<String> = of.into_iter().map(|label| label.map_or("nothing".to_owned(), text)).collect();
            let texts = |labels: Vec<&[u8]>| labels.into_iter().map(text).collect::<Vec<_>>();
            (of, texts(vanished), texts(merged))
        };
        let none: Vec<String> = Vec::new();
        let (minutes, finance): (&[&str], &[&str]) = (&["Minutes", "Minutes/2026"], &["Finance", "Finance/2026"]);
        // Whatever they are called now.
        let (of, vanished, merged) = judged(&["exp (a1)", "exp (a2)"], &[minutes, finance]);
        assert_eq!(
            (of, vanished, merged),
            (vec!["exp (Minutes)".into(), "exp (Finance)".into()], none.clone(), none.clone())
        );
        // Only one is left: the other is missed.
        let (of, vanished, _) = judged(&["exp"], &[minutes]);
        assert_eq!((of, vanished), (vec!["exp (Minutes)".to_owned()], vec!["exp (Finance)".to_owned()]));
        // Both have become one.
        let (of, vanished, merged) = judged(&["exp"], &[&[minutes, finance].concat()]);
        assert_eq!((of.len(), vanished, merged.len()), (1, none, 1));
    }

    #[test]
    fn what_came_out_of_a_path_that_is_named_again_is_missed_unless_its_form_is_there() {
        let names = ["exp (a)", "exp (b)", "exp (other files)"];
        let mut past = baseline(&names.map(|name| (name, DOCUMENTS, 1, &[][..])));
        for (root, form) in past.roots.values_mut().zip([Some(b"a#.zip"), Some(b"b#.zip"), None]) {
            (root.place, root.form) = (Some(b"/exp".to_vec()), form.map(|form| form.to_vec()));
        }
        let there = Found::default();
        let named = |form: Option<&[u8]>| Named {
            label: b"exp",
            class: DOCUMENTS,
            is_unread: false,
            found: &there,
            place: b"/exp",
            form: form.map(<[u8]>::to_vec),
        };
        let vanished = |root: Named<'_>| -> Vec<String> {
            let vanished = lineage(&[root], &past).vanished.into_iter();
            vanished.map(|label| String::from_utf8(label.to_vec()).unwrap()).collect()
        };
        assert_eq!(lineage(&[named(Some(b"a#.zip"))], &past).of, [Some(&b"exp (a)"[..])]);
        assert_eq!(vanished(named(Some(b"a#.zip"))), [names[1], names[2]]);
        assert_eq!(vanished(named(None)), [names[0], names[1]], "what lies there now is what lay beside them");
        assert_eq!(vanished(Named { place: b"/elsewhere", ..named(None) }), [""; 0]);
        assert_eq!(vanished(Named { class: Class::Email, ..named(None) }), [""; 0]);
        let (mut as_files, mut gone) = (Found::default(), Found::default());
        as_files.file(b"a1.zip", 1, Noticed::default());
        gone.is_missing = true;
        assert_eq!(vanished(Named { found: &as_files, ..named(None) }), [names[1]], "a file, and not taken apart");
        assert_eq!(vanished(Named { is_unread: true, ..named(None) }), [""; 0], "nobody can look into it");
        assert_eq!(vanished(Named { is_unread: true, found: &gone, ..named(None) }), names);
    }

    #[test]
    fn an_export_that_cannot_be_read_hands_its_past_to_no_other_unless_that_is_like_it() {
        let mut past = baseline(&[("exp", DOCUMENTS, 1, &["Finance"])]);
        for root in past.roots.values_mut() {
            (root.place, root.form) = (Some(b"/exp".to_vec()), Some(b"a#.zip".to_vec()));
        }
        let of = |is_unread, folder| {
            let (closed, there) = (Found::default(), found(&[folder]));
            let named = |label, found, is_unread| Named {
                label,
                class: DOCUMENTS,
                is_unread,
                found,
                place: b"/exp",
                form: Some(b"a#.zip".to_vec()),
            };
            let roots = [named(&b"exp (there)"[..], &there, false), named(b"exp (closed)", &closed, is_unread)];
            lineage(&roots, &past).of.iter().map(Option::is_some).collect::<Vec<_>>()
        };
        assert_eq!(of(true, "Minutes"), [false, false]);
        assert_eq!(of(true, "Finance"), [true, false]);
        assert_eq!(of(false, "Minutes"), [true, false]);
    }
}
