"""What the search catalogue costs: filling it, asking it, and its size.

  names    a tree of so many empty files, all of other names, 500 to a folder; three backups, a hundredth of the names new in each
  council  a council of so many MiB with its mailboxes, backed up after week 0 and after week 1

For each: the first search of all (the catalogue is filled), the first after the next backup (what is new is filled in), and later
ones, for a rare word, for common ones, for two letters (which no index helps with) and for nothing; for a council the same of
messages. Beside them stands the time of opening alone (the list of backups, with the recovery words), which every search takes too:
what is above it is the search. The median of the repeats; filling is measured once.
"""

import os
import re
import shutil
import statistics
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lib import command_line, data, machine, measure, programs

EXAMPLES = """
examples:
  cargo build --release --bin chest && cargo build --release --workspace --example generate
  python3 benches/catalogue --chest target/release/chest --generate target/release/examples/generate
  python3 benches/catalogue --chest target/release/chest --names 10000 --council ''

A million names take a million inodes below --work, a council three times its size.
"""
WORDS = ("minutes", "agenda", "budget", "allotment", "burial", "planning", "grant", "insurance", "hedge", "cemetery")
SEED = 1


def main():
    """Parses, measures, prints."""
    arguments = parse()
    work = os.path.abspath(tempfile.mkdtemp(prefix="chest-catalogue-", dir=arguments.work))
    print(machine.sentence(machine.facts() | {"file_system": machine.file_system(work)}) + ".")
    print(programs.Chest.version(arguments.chest) + ".")
    print("\n| | seconds | peak MiB |\n|---|---|---|")
    try:
        for count in numbers(arguments.names):
            names(Bench(arguments, os.path.join(work, f"names-{count}")), count)
        for mib in numbers(arguments.council):
            council(Bench(arguments, os.path.join(work, f"council-{mib}")), arguments.generate, mib)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def parse():
    """The command line."""
    parser = command_line.parser("catalogue", __doc__, EXAMPLES)
    parser.add_argument("--chest", required=True, metavar="PATH", help="our program")
    parser.add_argument("--generate", metavar="PATH", help="the maker of councils")
    parser.add_argument("--names", default="1000000", metavar="SIZES")
    parser.add_argument("--council", default="1024", metavar="SIZES")
    parser.add_argument("--repeats", type=int, default=5, help="how often each search is measured (default 5)")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS", help="wait so long for a quiet machine")
    parser.add_argument("--work", metavar="DIR", help="where everything is done and removed again")
    return parser.parse_args()


def hits(log):
    """How many there are, of which a screen shows the first."""
    with open(log + ".err", errors="replace") as said:
        number = re.search(r"^([\d,]+) (hit|message)s? in ", said.read(), re.MULTILINE)
    return number[1] if number else "0"


def numbers(text):
    """Comma between them."""
    return [int(number) for number in text.split(",") if number]


class Bench:
    """One repository, and what is measured with it."""

    def __init__(self, arguments, folder):
        os.makedirs(folder)
        self.arguments = arguments
        self.chest = programs.Chest(os.path.abspath(arguments.chest), folder, None)
        self.chest.setup()

    def backup(self, source):
        """Not measured."""
        self.chest.quietly(self.chest.backup(source))

    def told(self, title, command, repeats=1):
        """Measures and prints a row."""
        costs = []
        for _ in range(repeats):
            measure.wait_until_quiet(self.arguments.patience)
            log = os.path.join(self.chest.place, "log")
            cost, _ = measure.run(command, self.chest.env, self.chest.place, log)
            costs.append(cost)
        wall = statistics.median(cost.wall for cost in costs)
        peak = statistics.median(cost.peak_mib for cost in costs)
        found = f", {hits(log)} found" if command[1] == "find" else ""
        print(f"| {title}{found} | {wall:.3f} | {peak:.0f} |", flush=True)

    def once(self, title, *words):
        """A search that fills the catalogue."""
        self.told(title, [self.chest.binary, "find", *words])

    def often(self, title, *words):
        """A search of what is filled."""
        self.told(title, [self.chest.binary, "find", *words], self.arguments.repeats)

    def opening(self):
        """What every search takes too."""
        self.told("opening alone", self.chest.open_underived(), self.arguments.repeats)

    def size(self, what):
        """Of the catalogue."""
        for folder, _, files in os.walk(self.chest.cache):
            if "catalogue" in files:
                mib = os.path.getsize(os.path.join(folder, "catalogue")) / 2**20
                print(f"| size of the catalogue, {what} | {mib:.1f} MiB | |", flush=True)


def name(number):
    """All different, as people name documents."""
    one, other = WORDS[number % 10], WORDS[number // 10 % 10]
    return f"{one} {other} {number:07} draft.docx"


def write_names(source, first, after):
    """Empty files."""
    for number in range(first, after):
        folder = os.path.join(source, f"folder {number // 500:05}")
        os.makedirs(folder, exist_ok=True)
        open(os.path.join(folder, name(number)), "w").close()


def names(bench, count):
    """So many names."""
    print(f"| **{count:,} names** | | |")
    source = os.path.join(bench.chest.place, "tree")
    write_names(source, 0, count)
    bench.backup(source)
    bench.once("first search of all", f"{count // 2:07}")
    for week in (1, 2):
        write_names(source, count + (week - 1) * count // 100, count + week * count // 100)
        bench.backup(source)
        bench.once(f"first search after backup {week + 1}", f"{count // 2:07}")
    bench.opening()
    bench.often("one name", f"{count // 2:07}")
    bench.often("three words", "hedge", "burial", f"{count // 2 // 1000:04}")
    bench.often("a pattern", f"*budget*{count // 2 // 1000:04}*.docx")
    bench.often("a word of a fifth of all names, and a number", "minutes", "2026")
    bench.often("only words of many names", "hedge", "burial", "draft")
    bench.often("nothing", "unicorn")
    bench.often("a word of a fifth of all names", "hedge")
    bench.often("a word of nearly all names", "draft")
    bench.often("two letters", "q0")
    bench.often("two letters of nearly all names", "ft")
    bench.often("a pattern that nearly all names fit", "*.docx")
    bench.often("what is in a folder", "folder 01000/")
    bench.often("what was deleted, of a fifth of all names", "--deleted", "hedge")
    bench.often("a tenth of a tenth", "hedge hedge")
    bench.size("names")


def council(bench, generate, mib):
    """A council with mail."""
    print(f"| **a council of {mib:,} MiB** | | |")
    made = data.council(generate, os.path.join(bench.chest.place, "council"), mib, SEED, 0)
    bench.backup(made)
    bench.once("first search of names", "minutes")
    bench.size("names")
    bench.once("first search of mail", "--mail", "hedge")
    bench.size("names and mail")
    week = data.council(generate, os.path.join(bench.chest.place, "week", "council"), mib, SEED, 1)
    bench.backup(week)
    bench.once("first search of names after a week", "minutes")
    bench.once("first search of mail after a week", "--mail", "hedge")
    bench.opening()
    bench.often("names with minutes", "minutes")
    bench.often("mail with hedge", "--mail", "hedge")
    bench.often("mail with nothing", "--mail", "unicorn")


if __name__ == "__main__":
    main()
