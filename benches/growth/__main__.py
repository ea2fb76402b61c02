"""How the cost of chest grows with files, with chunks in the index, and with backups.

  files      trees of so many files of about 25 bytes, 500 to a folder, all different: real backups of real files
  chunks     an index of so many chunks, in packs of 16 whose content alone is missing (see benches/many_chunks.rs), and a
             backup of ten files beside them
  backups    so many backups of a folder of a hundred files, of which one changes each time

For each size: opening (the list of backups, with the recovery words), an unchanged backup, finding a file by name in all
backups, and restoring one file; wall time and peak memory, the median of three. Below each size stands how the cost grew from the
size before: the power p for which cost = size^p. 0 is no growth, 1 is in proportion; above 1 is what must be explained.
"""

import json
import math
import os
import shutil
import statistics
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib import command_line, machine, measure, programs

EXAMPLES = """
examples:
  cargo build --release --bin chest && cargo bench --no-run --bench many_chunks
  python3 benches/growth --chest target/release/chest --many-chunks target/release/deps/many_chunks-*
  python3 benches/growth --files 1000,10000 --chunks '' --backups ''

A million files take a million inodes and 4 GiB, ten million chunks 625 thousand empty inodes, below --work.
"""
OPERATIONS = ("open", "unchanged", "find", "one file")
FOLDER_LEN = 500


class Chest(programs.Chest):
    """With the one more question that is asked here."""

    def find(self, word):
        return [self.binary, "find", word]


class Row:
    """What was measured at one size."""

    def __init__(self, size):
        self.size, self.wall, self.peak = size, {}, {}

    def note(self, operation, costs):
        """The medians."""
        self.wall[operation] = statistics.median(cost.wall for cost in costs)
        self.peak[operation] = statistics.median(cost.peak_mib for cost in costs)


def main():
    """Parses, measures, prints."""
    arguments = parse()
    given = arguments.work is not None
    work = os.path.abspath(arguments.work or tempfile.mkdtemp(prefix="chest-growth-"))
    os.makedirs(work, exist_ok=True)
    print(machine.sentence(machine.facts() | {"file_system": machine.file_system(work)}) + ".")
    print(Chest.version(arguments.chest) + ".")
    tables, run = {}, os.path.join(work, "growth")
    shutil.rmtree(run, ignore_errors=True)
    try:
        for title, sizes, make in (
            ("files", arguments.files, files),
            ("chunks", arguments.chunks, chunks),
            ("backups", arguments.backups, backups),
        ):
            rows = [row for row in make(arguments, os.path.join(run, title), numbers(sizes))]
            if rows:
                tables[title] = [vars(row) for row in rows]
                print(table(title, rows))
        if arguments.json:
            with open(arguments.json, "w") as file:
                json.dump(tables, file, indent=1)
    finally:
        shutil.rmtree(run, ignore_errors=True)
        if not given:
            shutil.rmtree(work, ignore_errors=True)


def parse():
    """The command line."""
    parser = command_line.parser("growth", __doc__, EXAMPLES)
    parser.add_argument("--chest", required=True, metavar="PATH", help="our program")
    parser.add_argument("--many-chunks", metavar="PATH", help="the maker of large indexes")
    parser.add_argument("--files", default="10000,100000,1000000", metavar="SIZES")
    parser.add_argument("--chunks", default="1000000,3000000,10000000", metavar="SIZES")
    parser.add_argument("--backups", default="1,100,1000", metavar="SIZES")
    parser.add_argument("--repeats", type=int, default=3, help="how often each operation is measured (default 3)")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS", help="wait so long for a quiet machine")
    parser.add_argument("--work", metavar="DIR", help="where everything is done and removed again")
    parser.add_argument("--json", metavar="FILE", help="also write the figures")
    return parser.parse_args()


def numbers(text):
    """Comma between them."""
    return [int(number) for number in text.split(",") if number]


def fresh(arguments, folder):
    """A new repository in a new folder."""
    os.makedirs(folder)
    chest = Chest(os.path.abspath(arguments.chest), folder, None)
    chest.setup()
    return chest


def one(chest, command):
    """One measured command; gives its cost."""
    cost, _ = measure.run(command, chest.env, chest.place, os.path.join(chest.place, "log"))
    return cost


def observe(arguments, chest, source, some_file, size):
    """Every operation, several times."""
    row = Row(size)
    to = os.path.join(chest.place, "one")
    commands = {
        "open": chest.open_underived(),
        "unchanged": chest.backup(source),
        "find": chest.find(os.path.basename(some_file)),
        "one file": chest.restore_one(source, some_file, to),
    }
    for operation, command in commands.items():
        costs = []
        for _ in range(arguments.repeats):
            shutil.rmtree(to, ignore_errors=True)
            os.sync()
            measure.wait_until_quiet(arguments.patience)
            costs.append(one(chest, command))
        row.note(operation, costs)
    if not os.path.exists(os.path.join(to, os.path.basename(source), some_file)):
        sys.exit(f"{some_file} was not restored")
    print(f"{size:,}: {row.wall}", file=sys.stderr)
    return row


def write_files(source, count):
    """Small files, all different."""
    for number in range(count):
        folder = os.path.join(source, f"folder {number // FOLDER_LEN:05}")
        if number % FOLDER_LEN == 0:
            os.makedirs(folder)
        with open(os.path.join(folder, f"file {number:07}.txt"), "w") as file:
            file.write(f"This is file {number:07}.\n")
    return os.path.join(f"folder {(count // 2) // FOLDER_LEN:05}", f"file {count // 2:07}.txt")


def files(arguments, folder, sizes):
    """Trees of more and more files."""
    for size in sizes:
        chest = fresh(arguments, os.path.join(folder, str(size)))
        source = os.path.join(chest.place, "tree")
        some_file = write_files(source, size)
        os.sync()
        measure.wait_until_quiet(arguments.patience)
        first = one(chest, chest.backup(source))
        row = observe(arguments, chest, source, some_file, size)
        row.note("first backup", [first])
        yield row


def chunks(arguments, folder, sizes):
    """Larger and larger indexes. The run that takes the packs over writes the index and is not measured."""
    for size in sizes:
        chest = fresh(arguments, os.path.join(folder, str(size)))
        chest.quietly([os.path.abspath(arguments.many_chunks), chest.folder, chest.env["CHEST_STATE_DIR"], str(size)])
        source = os.path.join(chest.place, "tree")
        some_file = write_files(source, 10)
        chest.quietly(chest.backup(source))
        yield observe(arguments, chest, source, some_file, size)


def backups(arguments, folder, sizes):
    """More and more backups in one repository."""
    if not sizes:
        return
    chest = fresh(arguments, folder)
    source = os.path.join(folder, "tree")
    some_file = write_files(source, 100)
    done = 0
    for size in sizes:
        while done < size:
            done += 1
            with open(os.path.join(source, "register.txt"), "w") as file:
                file.write(f"Entry {done}\n")
            chest.quietly(chest.backup(source))
        yield observe(arguments, chest, source, some_file, size)
        # The unchanged ones were backups too.
        done += arguments.repeats


def table(title, rows):
    """Markdown: one row for each size, and between them the power of the growth."""
    operations = (["first backup"] if "first backup" in rows[0].wall else []) + list(OPERATIONS)
    lines = ["", f"| {title} | " + " | ".join(operations) + " |", "|---" * (len(operations) + 1) + "|"]
    before = None
    for row in rows:
        if before:
            powers = [f"{power(before, row, 'wall', name)} / {power(before, row, 'peak', name)}" for name in operations]
            lines.append("| *power, time / memory* | " + " | ".join(powers) + " |")
        cells = [f"{row.wall[name]:.2f} s, {row.peak[name]:.0f} MiB" for name in operations]
        lines.append(f"| {row.size:,} | " + " | ".join(cells) + " |")
        before = row
    return "\n".join(lines)


def power(before, after, what, name):
    """p in cost = size^p."""
    grown = getattr(after, what)[name] / getattr(before, what)[name]
    # Adding zero takes the sign off a zero.
    return f"{round(math.log(grown) / math.log(after.size / before.size), 2) + 0.0:.2f}"


if __name__ == "__main__":
    main()
