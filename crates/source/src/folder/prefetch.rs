//! Folders ahead of the visitor, scanned by a few threads. The visitor takes each folder when its turn has come: done
//! by then, or else by its own hand, so that it waits at most for a scan that has already begun.

use super::place::Place;
use super::scan::{Found, Handle, Scanned, Scanner, Scratch, Task};
use rustix::io::Result;
use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many hints are kept. To forget one costs nothing but time: the visitor then scans that folder itself.
const MOST_HINTS: usize = 8 * 1024;

/// How many folders are brought to the front when the visitor enters the folder that holds them.
const NEXT_HINTS: usize = 16;

/// What a scanned folder costs beside its names and entries, in bytes.
const FOLDER_COST: usize = 1024;

/// A task on a folder, and its result once somebody has done it.
#[derive(Debug)]
pub(super) struct Slot {
    place: Arc<Place>,
    state: Mutex<State>,
    ready: Condvar,
}

#[derive(Debug)]
enum State {
    /// Nobody has begun; the handle is where to begin from. The task goes with it: one that was done keeps no folder's names,
    /// however long its slot lies among the hints.
    Waiting(Task, Option<Arc<Handle>>),
    /// Somebody is at it, or the result has been taken.
    Taken,
    Done(Result<Scanned>, Charge),
}

/// What a result that lies ready takes of the budget.
#[derive(Debug)]
struct Charge {
    cost: usize,
    ready: Arc<AtomicUsize>,
}

impl Charge {
    fn new(cost: usize, ready: &Arc<AtomicUsize>) -> Self {
        ready.fetch_add(cost, Ordering::Relaxed);
        Self { cost, ready: Arc::clone(ready) }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.ready.fetch_sub(self.cost, Ordering::Relaxed);
    }
}

impl Slot {
    /// A task that waits for somebody to do it.
    pub(super) fn new(place: Arc<Place>, task: Task, near: Option<Arc<Handle>>) -> Arc<Self> {
        Arc::new(Self { place, state: Mutex::new(State::Waiting(task, near)), ready: Condvar::new() })
    }

    /// The folder that it is about.
    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// About how many bytes it takes until somebody has done its task.
    pub(super) fn own_cost(&self) -> usize {
        size_of::<Self>() + size_of::<Place>() + self.place.name().len()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn claim(&self) -> Option<Claim<'_>> {
        let mut state = self.state();
        match mem::replace(&mut *state, State::Taken) {
            State::Waiting(task, near) => Some(Claim { slot: self, task, near }),
            other => {
                *state = other;
                None
            }
        }
    }

    fn become_state(&self, new: State) {
        *self.state() = new;
        self.ready.notify_all();
    }
}

/// Results hold slots that hold results; they are let go of one by one, because folders may nest deeper than the stack.
impl Drop for Slot {
    fn drop(&mut self) {
        let mut inner = mem::replace(self.state.get_mut().unwrap_or_else(PoisonError::into_inner), State::Taken);
        let mut held = Vec::new();
        loop {
            if let State::Done(Ok(scanned), _) = &mut inner {
                held.extend(scanned.take_slots());
            }
            let Some(slot) = held.pop() else { return };
            let Some(mut slot) = Arc::into_inner(slot) else { continue };
            inner = mem::replace(slot.state.get_mut().unwrap_or_else(PoisonError::into_inner), State::Taken);
        }
    }
}

impl Scanned {
    /// The slots of the folders in it, in order.
    pub(super) fn slots(&self) -> impl DoubleEndedIterator<Item = &Arc<Slot>> {
        self.batch.entries.iter().filter_map(|entry| match &entry.found {
            Found::Folder(_, slot) => slot.as_ref(),
            _ => None,
        })
    }

    fn take_slots(&mut self) -> impl Iterator<Item = Arc<Slot>> {
        self.batch.entries.drain(..).filter_map(|entry| match entry.found {
            Found::Folder(_, slot) => slot,
            _ => None,
        })
    }

    /// About how many bytes it takes.
    fn cost(&self) -> usize {
        FOLDER_COST + self.batch.cost() + self.names.cost()
    }
}

/// A task that somebody has begun. Let go of without a result (in a panic), it is free for others again.
struct Claim<'s> {
    slot: &'s Slot,
    task: Task,
    near: Option<Arc<Handle>>,
}

impl Claim<'_> {
    fn fulfil(self, result: Result<Scanned>, charge: Charge) {
        self.slot.become_state(State::Done(result, charge));
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        let mut state = self.slot.state();
        if matches!(*state, State::Taken) {
            let task = mem::replace(&mut self.task, Task::List);
            *state = State::Waiting(task, None);
            self.slot.ready.notify_all();
        }
    }
}

/// The folders ahead, and what the threads need to scan them.
#[derive(Debug)]
pub(super) struct Prefetch<'s> {
    scanner: Scanner<'s>,
    queue: Mutex<Queue>,
    work: Condvar,
    ready: Arc<AtomicUsize>,
    most_ready: usize,
}

#[derive(Debug, Default)]
struct Queue {
    /// What to scan next is at the back.
    hints: VecDeque<Arc<Slot>>,
    /// How many threads wait.
    idle: usize,
    stopped: bool,
}

impl<'s> Prefetch<'s> {
    /// With that scanner, and room for that many bytes.
    pub(super) fn new(scanner: Scanner<'s>, most_ready: usize) -> Self {
        Self { scanner, queue: Mutex::default(), work: Condvar::new(), ready: Arc::default(), most_ready }
    }

    /// A thread's whole life: scans what is hinted at until it is told to stop.
    pub(super) fn work(&self) {
        let mut scratch = Scratch::default();
        while let Some(slot) = self.next_hint() {
            let Some(mut claim) = slot.claim() else { continue };
            let result = self.scanner.run(&slot.place, &claim.task, claim.near.take(), &mut scratch);
            let cost = result.as_ref().map_or(FOLDER_COST, Scanned::cost);
            let charge = Charge::new(cost, &self.ready);
            if let Ok(scanned) = &result {
                // Half the room stays free for what the visitor is nearest to.
                if self.ready.load(Ordering::Relaxed) < self.most_ready / 2 {
                    self.hint(scanned.slots().rev().cloned());
                }
            }
            claim.fulfil(result, charge);
        }
    }

    /// The result of a task whose turn has come: by now, or by the caller's own hand.
    pub(super) fn obtain(&self, slot: &Slot, scratch: &mut Scratch) -> Result<Scanned> {
        loop {
            let mut state = slot.state();
            match mem::replace(&mut *state, State::Taken) {
                State::Waiting(task, near) => {
                    drop(state);
                    let result = self.scanner.run(&slot.place, &task, near, scratch);
                    if let Ok(scanned) = &result {
                        self.hint(scanned.slots().rev().cloned());
                    }
                    return result;
                }
                State::Done(result, charge) => {
                    drop(state);
                    drop(charge);
                    if let Ok(scanned) = &result {
                        self.hint(scanned.slots().take(NEXT_HINTS).cloned().collect::<Vec<_>>().into_iter().rev());
                    }
                    return result;
                }
                State::Taken => drop(slot.ready.wait(state).unwrap_or_else(PoisonError::into_inner)),
            }
        }
    }

    /// Says what will be needed; the last comes first.
    pub(super) fn hint(&self, slots: impl Iterator<Item = Arc<Slot>>) {
        let mut forgotten = Vec::new();
        let mut queue = lock(&self.queue);
        queue.hints.extend(slots);
        while queue.hints.len() > MOST_HINTS {
            forgotten.extend(queue.hints.pop_front());
        }
        if queue.idle > 0 && !queue.hints.is_empty() && self.has_room() {
            self.work.notify_all();
        }
    }

    /// Ends the threads' lives.
    pub(super) fn stop(&self) {
        lock(&self.queue).stopped = true;
        self.work.notify_all();
    }

    fn next_hint(&self) -> Option<Arc<Slot>> {
        let mut queue = lock(&self.queue);
        loop {
            if queue.stopped {
                return None;
            }
            if self.has_room()
                && let Some(slot) = queue.hints.pop_back()
            {
                return Some(slot);
            }
            queue.idle += 1;
            queue = self.work.wait(queue).unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
    }

    fn has_room(&self) -> bool {
        self.ready.load(Ordering::Relaxed) < self.most_ready
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
