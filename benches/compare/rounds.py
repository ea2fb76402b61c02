"""The work itself: every step of every program in every round, and the check that what came back is what was there."""

import collections
import dataclasses
import filecmp
import os
import random
import sys
import time

from lib import data, measure

STEPS = ("first backup", "unchanged", "a week's change", "full restore", "disk to disk", "one file", "open", "open, underived")
SIZES = ("after the first backup", "after the week")


@dataclasses.dataclass
class Tree:
    """What is backed up, before and after the week."""

    title: str
    before: str
    after: str


class Result:
    """What was measured on one tree in one place."""

    def __init__(self, tree, place, names):
        self.title, self.place, self.names, self.counted = tree.title, place.title, names, place.counted
        self.steps = {step: {name: [] for name in names} for step in STEPS}
        self.sizes = {size: {name: [] for name in names} for size in SIZES}
        self.counts = {step: {name: [] for name in names} for step in STEPS}
        self.files = self.bytes = 0
        self.page_cache_dropped = True
        self.disturbed = 0
        self.opened_with = {}

    def as_json(self):
        """All of it as plain data."""
        plain = dict(vars(self))
        plain["steps"] = {
            step: {name: [dataclasses.asdict(one) for one in runs] for name, runs in by_name.items()}
            for step, by_name in self.steps.items()
        }
        return plain


class Bench:
    """One tree in one place, all programs."""

    def __init__(self, tree, place, folder, arguments, result):
        self.tree, self.place, self.folder, self.arguments, self.result = tree, place, folder, arguments, result
        self.source = os.path.join(folder, "council")

    def round(self, number, kind, binary):
        """Every step with one program."""
        folder = os.path.join(self.folder, f"{kind.name}-{number}")
        os.makedirs(folder)
        program = kind(binary, folder, self.place.s3_for(kind.name))
        self.result.opened_with[kind.name] = kind.opened_with
        data.make_same(self.source, self.tree.before)
        self.result.files, self.result.bytes = data.warm(self.source)
        program.setup()
        self.step("first backup", program, program.backup(self.source))
        self.size(SIZES[0], program)
        self.step("unchanged", program, program.backup(self.source))
        data.make_same(self.source, self.tree.after)
        self.step("a week's change", program, program.backup(self.source))
        self.size(SIZES[1], program)
        self.full_restore(program, "full restore")
        self.full_restore(program, "disk to disk", disk=True)
        self.one_file(program, number)
        self.step("open", program, program.open())
        if hasattr(program, "open_underived"):
            self.step("open, underived", program, program.open_underived())

    def step(self, step, program, command, to=None, cold=False, disk=False):
        """One measured command, on a disk at rest and a machine as quiet as patience gets it. `disk`: nothing is in the page
        cache before, and the command is over when everything is on the disk."""
        os.sync()
        # Some programs do not trust a file that changed in the second in which they begin.
        time.sleep(1.1)
        if not (cold or disk):
            data.warm(self.source)
        if not measure.wait_until_quiet(self.arguments.patience):
            self.result.disturbed += 1
        if cold:
            program.drop_cache()
        if cold or disk:
            dropped = not self.arguments.keep_page_cache and measure.drop_page_cache()
            self.result.page_cache_dropped &= dropped
        if self.place.counted:
            self.place.counts()
        if disk:
            command = ["sh", "-c", 'to=$1; shift; "$@" && sync -f "$to"', "sh", to, *command]
        where = program.in_folder(to) if to else program.place
        cost, _ = measure.run(command, program.env, where, os.path.join(program.place, "log"))
        self.result.steps[step][program.name].append(cost)
        if self.place.counted:
            self.result.counts[step][program.name].append(self.place.counts())
        print(
            f"{program.name:9} {step:16} {cost.wall:8.2f} s {cost.cpu:7.2f} s cpu {cost.peak_mib:6.0f} MiB",
            file=sys.stderr,
        )

    def size(self, when, program):
        """The repository's length, where it lies in a folder."""
        if program.s3 is None:
            self.result.sizes[when][program.name].append(data.size_on_disk(program.folder))

    def full_restore(self, program, step, disk=False):
        """Everything, and every byte of it compared."""
        to = os.path.join(program.place, step)
        os.makedirs(to)
        self.step(step, program, program.restore(self.source, to), to, disk=disk)
        different = data.differences(self.source, data.inside(to, self.source))
        if different:
            sys.exit(f"{program.name} did not bring back what was there: {different[:5]} ({len(different)} in all)")

    def one_file(self, program, number):
        """One file, another one each round, the same for every program."""
        files = sorted(path for path, what in data.listing(self.tree.after).items() if what != "folder")
        # Programs lay it in different folders: it is found again by its name, which therefore must be its own.
        names = collections.Counter(map(os.path.basename, files))
        path = random.Random(number).choice([path for path in files if names[os.path.basename(path)] == 1])
        to = os.path.join(program.place, "one")
        os.makedirs(to)
        self.step("one file", program, program.restore_one(self.source, path, to), to, cold=True)
        found = data.find_file(to, path)
        if not found or not filecmp.cmp(found, os.path.join(self.source, path), shallow=False):
            sys.exit(f"{program.name} did not bring back {path}")


def run_rounds(found, tree, place, folder, arguments):
    """Everything on one tree in one place; in each round another program begins. Nothing is removed on the way: for minutes
    afterwards ext4 looks for a free inode the hard way wherever many files were just deleted, which would be in the figures."""
    os.makedirs(folder)
    result = Result(tree, place, [kind.name for kind, _ in found])
    rounds = 1 if place.counted else arguments.rounds
    with place:
        bench = Bench(tree, place, folder, arguments, result)
        for number in range(rounds):
            print(f"{tree.title}, {place.title}, round {number + 1} of {rounds}", file=sys.stderr)
            first = number % len(found)
            for kind, binary in found[first:] + found[:first]:
                bench.round(number, kind, binary)
    return result
