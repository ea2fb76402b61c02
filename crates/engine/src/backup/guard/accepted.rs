//! What is remembered where somebody has accepted a doubt, and the run is PARTIAL all the same: something could not be read, or another
//! doubt stays. Forgotten, the doubt would come back every week until all is well, and teach the clerk to accept whatever comes. So what
//! was accepted is from now on as this run found it, and all else stays as the last complete run left it: a PARTIAL run says nothing of the rest.

use super::found::{Found, less, more};
use chest_model::{Amount, DoubtKind};
use chest_repo::local::{BaselineRoot, OwnDoing};
use std::collections::BTreeMap;

/// The past as it counts after these doubts were accepted; `None` where nothing can be remembered.
pub(super) fn past_with<'d>(
    found: &Found,
    before: &BaselineRoot,
    accepted: impl Iterator<Item = &'d DoubtKind>,
) -> Option<BaselineRoot> {
    let out_of_reach = found.out_of_reach(before);
    let mut past = before.clone();
    let mut is_change = false;
    for kind in accepted {
        match (kind, out_of_reach) {
            (DoubtKind::Shrunk { .. }, Some(out_of_reach)) => {
                past.accepted = Some(least(before.expected(), more(found.held, out_of_reach)));
                past.filled = before.filled.map(|filled| filled.min(found.filled + out_of_reach.files));
                settle_folders(&mut past.folders, found);
            }
            (DoubtKind::FoldersGone { .. }, Some(_)) => past.folders.retain(|folder, _| !found.folders.lacks(folder)),
            (DoubtKind::Scrambled { .. }, _) => is_change = true,
            // Where nobody can tell how much could not be read, nobody has said how little may be there. What is gone for good is
            // forgotten, and nothing is empty as long as something in it could not be read.
            (
                DoubtKind::Shrunk { .. } | DoubtKind::FoldersGone { .. } | DoubtKind::Missing { .. } | DoubtKind::Empty,
                _,
            ) => {}
        }
    }
    if is_change {
        settle_noise(&mut past, before, found, |_, now| now);
    } else if past.accepted != before.accepted {
        // Of fewer files fewer are noise.
        let there = out_of_reach.unwrap_or_default();
        settle_noise(&mut past, before, found, |before, now| least(before, more(now, there)));
    }
    (past != *before).then_some(past)
}

/// Counts in each folder what is there: one that cannot be looked into next time counts as that, and no more. What lies below one that
/// cannot be looked into now stays as it was, and so does what this run would not remember.
fn settle_folders(folders: &mut BTreeMap<Vec<u8>, u64>, found: &Found) {
    let now = found.folders.remembered();
    let closed: Vec<(&Vec<u8>, u64)> =
        found.closed.iter().filter_map(|closed| Some((closed, *folders.get(closed)?))).collect();
    for (folder, held) in folders {
        let is_closed = found.closed.iter().any(|closed| is_below(folder, closed));
        if is_closed || !(found.folders.has(folder) || found.folders.lacks(folder)) {
            continue;
        }
        let out_of_reach = closed.iter().filter(|(closed, _)| *closed == folder || is_below(closed, folder));
        let out_of_reach: u64 = out_of_reach.map(|(_, held)| held).sum();
        *held = (*held).min(now.get(folder).unwrap_or(&0) + out_of_reach);
    }
}

fn is_below(path: &[u8], folder: &[u8]) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with(b"/"))
}

/// Counts what looks odd as `settle` says of what there was and what there is.
fn settle_noise(
    past: &mut BaselineRoot,
    before: &BaselineRoot,
    found: &Found,
    settle: impl Fn(Amount, Amount) -> Amount,
) {
    let count = |before, now| settle(files(before), files(now)).files;
    past.scrambled = count(before.scrambled, found.scrambled);
    past.demands = count(before.demands, found.demand_folders());
    // An earlier version counted none of it.
    let (Some(plain), Some(own)) = (before.plain, before.own_doing) else { return };
    let noise = settle(less(before.expected(), plain), less(found.held, found.plain));
    past.plain = Some(less(past.expected(), noise));
    let now = found.own_doing;
    past.own_doing = Some(OwnDoing { named: settle(own.named, now.named), noise: settle(own.noise, now.noise) });
}

fn files(files: u64) -> Amount {
    Amount { files, bytes: 0 }
}

fn least(one: Amount, other: Amount) -> Amount {
    Amount { files: one.files.min(other.files), bytes: one.bytes.min(other.bytes) }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{PLAIN, SCRAMBLED};
    use super::*;

    /// Documents, files that do not hold what their names promise, and files that could not be read, of 10 bytes each.
    fn found(documents: u64, scrambled: u64, unread: u64) -> Found {
        let mut found = Found { unread, ..Found::default() };
        found.folders.folder(b"Minutes");
        let mut next = (0..).map(|number| format!("Minutes/{number}.docx").into_bytes());
        next.by_ref().take(documents as usize).for_each(|path| found.file(&path, 10, PLAIN));
        next.by_ref().take(scrambled as usize).for_each(|path| found.file(&path, 10, SCRAMBLED));
        next.take(unread as usize).for_each(|path| found.unreadable(&path, Some(10)));
        found.folders.finish();
        found
    }

    fn is_shrunk(doubt: &DoubtKind) -> bool {
        matches!(doubt, DoubtKind::Shrunk { .. })
    }

    /// After all doubts about this were accepted that are `such`.
    fn after(found: &Found, before: &BaselineRoot, such: fn(&DoubtKind) -> bool) -> BaselineRoot {
        let doubts = found.doubts(Some(before));
        past_with(found, before, doubts.iter().filter(|doubt| such(doubt))).unwrap()
    }

    #[test]
    fn what_was_accepted_is_not_doubted_again_and_what_goes_after_it_is() {
        let before = found(50, 0, 0).as_past();
        let past = after(&found(19, 0, 1), &before, is_shrunk);
        for now in [found(19, 0, 1), found(20, 0, 0), found(16, 0, 0), found(60, 0, 0)] {
            assert_eq!(now.doubts(Some(&past)), []);
        }
        let now = found(15, 0, 0);
        let shrunk = DoubtKind::Shrunk { before: before.held, now: now.held };
        assert_eq!(now.doubts(Some(&past)), [shrunk], "and what the last complete backup held is told");
        let again = after(&found(14, 0, 1), &past, is_shrunk);
        assert_eq!(again.expected(), Amount { files: 15, bytes: 150 });
    }

    #[test]
    fn files_whose_emptiness_was_accepted_are_not_doubted_again_and_what_is_emptied_after_it_is() {
        let with_empty = |filled: u64, empty: u64, unread: u64| {
            let mut found = found(filled, 0, unread);
            (0..empty).for_each(|number| found.file(format!("Minutes/empty {number}.docx").as_bytes(), 0, PLAIN));
            found.file(b"film.mp4", 1_000_000, PLAIN);
            found.folders.finish();
            found
        };
        let before = with_empty(50, 0, 0).as_past();
        let past = after(&with_empty(20, 29, 1), &before, is_shrunk);
        assert_eq!(past.filled, Some(22), "the film, and the one that could not be read");
        for now in [with_empty(20, 29, 1), with_empty(21, 29, 0), with_empty(17, 33, 0)] {
            assert_eq!(now.doubts(Some(&past)), []);
        }
        assert_eq!(with_empty(16, 34, 0).doubts(Some(&past)).len(), 1);
        let earlier = BaselineRoot { filled: None, ..before };
        assert_eq!(after(&found(19, 0, 1), &earlier, is_shrunk).filled, None);
    }

    #[test]
    fn what_could_not_be_read_counts_as_there_in_what_was_accepted() {
        let past = after(&found(10, 0, 25), &found(50, 0, 0).as_past(), is_shrunk);
        assert_eq!(found(10, 0, 0).doubts(Some(&past)).len(), 1);
        let past = after(&found(10, 0, 0), &found(50, 0, 0).as_past(), is_shrunk);
        assert_eq!(past.expected(), Amount { files: 10, bytes: 100 });
    }

    #[test]
    fn a_folder_that_cannot_be_looked_into_later_counts_as_what_was_accepted_and_hides_nothing_else() {
        let of = |counts: &[(&str, u64)], unread: &[&str], closed: &[&str]| {
            let mut found = Found { unread: (unread.len() + closed.len()) as u64, ..Found::default() };
            for (folder, files) in counts {
                found.folders.folder(folder.as_bytes());
                (0..*files).for_each(|file| found.file(format!("{folder}/{file}").as_bytes(), 10, PLAIN));
            }
            unread.iter().for_each(|path| found.unreadable(path.as_bytes(), Some(10)));
            closed.iter().for_each(|path| found.unreadable(path.as_bytes(), None));
            found.folders.finish();
            found
        };
        let before = of(&[("S", 0), ("S/a", 30), ("S/b", 30), ("K", 60)], &[], &[]).as_past();
        let past = after(&of(&[("S", 0), ("S/a", 4), ("S/b", 0), ("K", 60)], &["S/a/lock"], &[]), &before, is_shrunk);
        assert_eq!(past.folders.values().copied().collect::<Vec<_>>(), [60, 5, 5, 0], "K, S, S/a, S/b");
        let shrunk = |counts: &[(&str, u64)]| of(counts, &[], &["S"]).doubts(Some(&past)).len();
        assert_eq!((shrunk(&[("S", 0), ("K", 60)]), shrunk(&[("S", 0), ("K", 20)])), (0, 1));
        // What could not be looked into when the rest was accepted is as it was.
        let past = after(&of(&[("S", 0), ("S/a", 4), ("K", 40)], &[], &["S/b"]), &before, is_shrunk);
        assert_eq!(past.folders.values().copied().collect::<Vec<_>>(), [40, 34, 4, 30]);
    }

    #[test]
    fn where_a_part_of_an_export_is_not_there_no_loss_is_learnt() {
        let before = found(50, 0, 0).as_past();
        let mut export = Found { is_export: true, unread: 1, ..found(10, 0, 0) };
        export.unreadable(b"OneDrive_2.zip", None);
        let doubts = export.doubts(Some(&before));
        assert_eq!((doubts.len(), past_with(&export, &before, doubts.iter())), (1, None));
    }

    #[test]
    fn folders_whose_absence_was_accepted_are_missed_no_more_and_others_are() {
        let mut last = found(50, 0, 0);
        for folder in ["Burials", "Plans"] {
            last.folders.folder(folder.as_bytes());
            last.file(format!("{folder}/1").as_bytes(), 10, PLAIN);
        }
        last.folders.finish();
        let before = last.as_past();
        let export = |folders: &[&str]| {
            let mut export = Found { is_export: true, ..found(49, 0, 1) };
            folders.iter().for_each(|folder| export.folders.folder(folder.as_bytes()));
            export
        };
        let past = after(&export(&["Plans"]), &before, |_| true);
        assert_eq!((past.accepted, export(&["Plans"]).doubts(Some(&past))), (None, vec![]));
        let first = vec![b"Plans".to_vec()];
        assert_eq!(export(&["Burials"]).doubts(Some(&past)), [DoubtKind::FoldersGone { count: 1, first }]);
    }

    #[test]
    fn what_looks_encrypted_and_was_accepted_is_no_alarm_again_and_more_of_it_is() {
        let before = found(100, 0, 0).as_past();
        let past = after(&found(69, 30, 1), &before, |_| true);
        for now in [found(69, 30, 1), found(70, 30, 0)] {
            assert_eq!(now.doubts(Some(&past)), []);
        }
        assert!(matches!(found(50, 50, 0).doubts(Some(&past))[..], [DoubtKind::Scrambled { files: 20, .. }]));
        let shrunk = found(40, 30, 0);
        assert_eq!(shrunk.doubts(Some(&past)).len(), 1, "that some are encrypted says nothing of what is gone");
    }

    #[test]
    fn that_files_are_gone_rightly_says_nothing_of_those_that_look_encrypted() {
        let before = found(100, 0, 0).as_past();
        let now = found(0, 60, 1);
        let past = after(&now, &before, is_shrunk);
        assert!(matches!(now.doubts(Some(&past))[..], [DoubtKind::Scrambled { files: 60, .. }]));
        // What was accepted long ago is not gone, where only files have.
        let before = found(100, 30, 0).as_past();
        let now = found(39, 30, 1);
        let past = after(&now, &before, is_shrunk);
        assert_eq!(now.doubts(Some(&past)), []);
        assert!(matches!(found(9, 60, 1).doubts(Some(&past))[..], [DoubtKind::Scrambled { files: 30, .. }]));
    }

    #[test]
    fn a_past_of_an_earlier_version_stays_without_what_that_did_not_count() {
        let before = BaselineRoot { plain: None, own_doing: None, ..found(100, 0, 0).as_past() };
        let past = after(&found(39, 30, 1), &before, |_| true);
        assert_eq!((past.plain, past.own_doing, past.scrambled), (None, None, 30));
    }
}
