//! What is remembered where somebody has accepted a doubt, and the run is PARTIAL all the same: something could not be read, or another
//! doubt stays. Forgotten, the doubt would come back every week until all is well, and teach the clerk to accept whatever comes. So what
//! was accepted is from now on as this run found it, and all else stays as the last complete run left it: a PARTIAL run says nothing of the rest.

use super::guard::{Found, less, more};
use chest_model::{Amount, DoubtKind};
use chest_repo::local::{BaselineRoot, OwnDoing};

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
    use super::*;
    use chest_model::{ChunkId, Timestamp};
    use chest_repo::local::Noticed;

    const PLAIN: Noticed =
        Noticed { scrambled: false, plain: true, own_noise: false, newest: None, notebook_link: false };
    const SCRAMBLED: Noticed = Noticed { scrambled: true, plain: false, ..PLAIN };

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

    fn complete(found: &Found) -> BaselineRoot {
        BaselineRoot {
            ended: Timestamp::default(),
            tree: ChunkId([0; 32]),
            held: found.held,
            folders: found.folders.remembered(),
            scrambled: found.scrambled,
            plain: Some(found.plain),
            own_doing: Some(found.own_doing),
            demands: found.demand_folders(),
            class: None,
            last_named: Timestamp::default(),
            place: None,
            form: None,
            stand_ins: Vec::new(),
            accepted: None,
        }
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
        let before = complete(&found(50, 0, 0));
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
    fn what_could_not_be_read_counts_as_there_in_what_was_accepted() {
        let past = after(&found(10, 0, 25), &complete(&found(50, 0, 0)), is_shrunk);
        assert_eq!(found(10, 0, 0).doubts(Some(&past)).len(), 1);
        let past = after(&found(10, 0, 0), &complete(&found(50, 0, 0)), is_shrunk);
        assert_eq!(past.expected(), Amount { files: 10, bytes: 100 });
    }

    #[test]
    fn where_a_part_of_an_export_is_not_there_no_loss_is_learnt() {
        let before = complete(&found(50, 0, 0));
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
        let before = complete(&last);
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
        let before = complete(&found(100, 0, 0));
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
        let before = complete(&found(100, 0, 0));
        let now = found(0, 60, 1);
        let past = after(&now, &before, is_shrunk);
        assert!(matches!(now.doubts(Some(&past))[..], [DoubtKind::Scrambled { files: 60, .. }]));
        // What was accepted long ago is not gone, where only files have.
        let before = complete(&found(100, 30, 0));
        let now = found(39, 30, 1);
        let past = after(&now, &before, is_shrunk);
        assert_eq!(now.doubts(Some(&past)), []);
        assert!(matches!(found(9, 60, 1).doubts(Some(&past))[..], [DoubtKind::Scrambled { files: 30, .. }]));
    }

    #[test]
    fn a_past_of_an_earlier_version_stays_without_what_that_did_not_count() {
        let before = BaselineRoot { plain: None, own_doing: None, ..complete(&found(100, 0, 0)) };
        let past = after(&found(39, 30, 1), &before, |_| true);
        assert_eq!((past.plain, past.own_doing, past.scrambled), (None, None, 30));
    }
}
