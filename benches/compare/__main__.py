"""Measures chest and the other backup programs on the same work.

What is done, with every program that is found, in every round:

  first backup       of the whole tree into a new repository
  unchanged          the same again, nothing touched
  a week's change    the tree as it is one week later, changed in place
  full restore       of the last backup, then compared with the tree byte by byte (not timed)
  disk to disk       the same after the system's page cache was dropped, until all of it is on the disk
  one file           restored after the program's own cache, and the system's page cache if it lets us, were dropped
  open               listing the backups with the password or passphrase: what its derivation costs
  open, underived    chest only: the same with the recovery words, from which nothing costly is derived

and the repository's size after the first backup and after the week. Programs take turns in another order each round; the
table shows medians, the spread, processor seconds, peak memory, and each program's time as a multiple of chest's.

Before each step the page cache is warm and what was written before is on the disk. On a shared machine give --patience:
each step then waits until the machine is nearly idle.
"""

import json
import os
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from compare.places import Folder, S3
from compare.report import markdown
from compare.rounds import Tree, run_rounds
from lib import command_line, data, machine, programs

EXAMPLES = """
examples:
  cargo build --release --bin chest && cargo build --release --workspace --example generate
  python3 benches/compare --chest target/release/chest --generate target/release/examples/generate
  python3 benches/compare --mib 50 --small-files 2000 --rounds 1        a first try, two minutes
  python3 benches/compare --only chest,restic --data council --json figures.json
  AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... AWS_REGION=garage \\
    python3 benches/compare --s3 http://127.0.0.1:3900 bench --mib 200 --data council --line target/release/examples/line

Everything is written below --work (a temporary folder unless given) and removed only at the end, but for the generated data
where --work was given. It needs about four times the size of the data for each program and round: 60 GiB for three rounds of
five programs on 1 GiB. Objects in the bucket stay: use one that you can empty.
"""


def main():
    """Parses, runs, prints."""
    arguments = parse()
    found = find(arguments)
    given = arguments.work is not None
    work = os.path.abspath(arguments.work or tempfile.mkdtemp(prefix="chest-bench-"))
    os.makedirs(work, exist_ok=True)
    run = os.path.join(work, "run")
    shutil.rmtree(run, ignore_errors=True)
    try:
        trees = make_trees(arguments, work)
        places = [Folder()] if not arguments.s3 else s3_places(arguments)
        about = machine.facts() | {"file_system": machine.file_system(work)}
        about["versions"] = {kind.name: kind.version(binary) for kind, binary in found}
        about["rounds"], about["order"] = arguments.rounds, "rotating"
        results = []
        for place in places:
            for tree in trees:
                folder = os.path.join(run, str(len(results)))
                results.append(run_rounds(found, tree, place, folder, arguments))
                if arguments.json:
                    save(arguments.json, about, results)
        print(markdown(about, results))
    finally:
        shutil.rmtree(run, ignore_errors=True)
        if not given:
            shutil.rmtree(work, ignore_errors=True)


def parse():
    """The command line."""
    parser = command_line.parser("compare", __doc__, EXAMPLES)
    parser.add_argument("--chest", default="chest", metavar="PATH", help="our program (default: chest on PATH)")
    parser.add_argument("--generate", default="generate", metavar="PATH", help="the generator of the council's files")
    parser.add_argument("--only", metavar="NAMES", help="only these programs, comma between them")
    parser.add_argument("--data", default="council,small", help="council, small or both (default)")
    parser.add_argument("--mib", type=int, default=1024, help="size of the council (default 1024)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the council (default 7)")
    parser.add_argument(
        "--small-files", type=int, default=50_000, metavar="N", help="how many small files (default 50000)"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is done (default 3)")
    parser.add_argument("--patience", type=float, default=0, metavar="SECONDS", help="wait so long for a quiet machine")
    parser.add_argument("--keep-page-cache", action="store_true", help="do not drop it before the one file")
    parser.add_argument("--work", metavar="DIR", help="where everything is done; generated data is kept there")
    parser.add_argument("--json", metavar="FILE", help="also write every single figure")
    parser.add_argument("--s3", nargs=2, metavar=("ENDPOINT", "BUCKET"), help="on S3 instead of a folder")
    parser.add_argument("--line", metavar="PATH", help="also on S3 through this line simulator")
    parser.add_argument("--rtt-ms", type=int, default=40, help="the line's round trip (default 40)")
    parser.add_argument("--mbit", type=int, default=200, help="the line's rate (default 200)")
    parser.add_argument("--count", action="store_true", help="one more round on S3 that counts requests and bytes")
    return parser.parse_args()


def find(arguments):
    """The programs that are there, each with its path."""
    wanted = arguments.only.split(",") if arguments.only else [kind.name for kind in programs.ALL]
    found = []
    for kind in programs.ALL:
        binary = shutil.which(arguments.chest if kind is programs.Chest else kind.name)
        if kind.name not in wanted or (arguments.s3 and not kind.on_s3):
            continue
        if binary:
            found.append((kind, os.path.abspath(binary)))
        else:
            print(f"{kind.name}: not found, left out", file=sys.stderr)
    if not found:
        sys.exit("none of the programs was found: put them on PATH, or name ours with --chest")
    return found


def make_trees(arguments, work):
    """The data, before and after the week."""
    trees, kinds = [], arguments.data.split(",")
    if "council" in kinds:
        generate = shutil.which(arguments.generate)
        at = os.path.join(work, f"council-{arguments.mib}-{arguments.seed}-week-")
        before, after = (data.council(generate, f"{at}{week}", arguments.mib, arguments.seed, week) for week in (0, 1))
        trees.append(Tree(f"a council of {arguments.mib} MiB", before, after))
    if "small" in kinds:
        at = os.path.join(work, f"small-{arguments.small_files}-week-")
        before, after = (data.small_files(f"{at}{week}", arguments.small_files, week) for week in (0, 1))
        trees.append(Tree(f"{arguments.small_files:,} small files", before, after))
    return trees


def s3_places(arguments):
    """The bucket, and the bucket through the line."""
    endpoint, bucket = arguments.s3
    places = [S3(endpoint, bucket)]
    if arguments.line:
        places.append(S3(endpoint, bucket, line=(arguments.line, arguments.rtt_ms, arguments.mbit)))
    if arguments.count:
        places.append(S3(endpoint, bucket, counted=True))
    return places


def save(path, about, results):
    """Everything that was measured."""
    with open(path, "w") as file:
        json.dump({"about": about, "results": [result.as_json() for result in results]}, file, indent=1)


if __name__ == "__main__":
    main()
