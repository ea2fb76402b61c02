"""Six weeks of a council: what each program stores of the same exports, week by week; and how long it takes in the last week to
bring back a document that was deleted in week 2 and an e-mail that was deleted in week 3.

Each week the council works (documents come, change, are renamed and go; mailboxes grow), and then is backed up three times, each
into a repository of its own:

  folder   the documents as they lie
  ZIP      the same documents as OneDrive hands them out: one new ZIP, its members in another order each week
  mail     mailboxes (mbox, growing) and saved messages (eml)

On S3 the figure is what went over the line to the server, counted by a proxy; in a folder it is how much the repository grew.
Programs that cannot use S3 are measured in a folder.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time
import zipfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from compare.places import S3
from lib import command_line, data, machine, measure, programs

EXAMPLES = """
examples:
  cargo build --release --bin chest && cargo build --release --workspace --example generate
  python3 benches/weeks --chest target/release/chest --generate target/release/examples/generate
  AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... AWS_REGION=garage \\
    python3 benches/weeks --mib 1024 --s3 http://127.0.0.1:3900 bench
"""

DOCUMENT = "Planning/Zebra crossing petition.txt"
MESSAGE = "Saved messages/Xylophone lessons in the hall.eml"


def main():
    """Parses, runs, prints."""
    arguments = parse()
    work = os.path.abspath(arguments.work or tempfile.mkdtemp(prefix="chest-weeks-"))
    os.makedirs(work, exist_ok=True)
    try:
        about = machine.facts() | {"file_system": machine.file_system(work)}
        rows, chest = six_weeks(arguments, work)
        print(machine.sentence(about) + "\n")
        print(table(rows, arguments.weeks))
        if chest:
            print("\n" + brought_back(chest, arguments))
    finally:
        if not arguments.work:
            shutil.rmtree(work, ignore_errors=True)


def parse():
    """The command line."""
    parser = command_line.parser("weeks", __doc__, EXAMPLES)
    parser.add_argument("--chest", default="chest", metavar="PATH", help="our program (default: chest on PATH)")
    parser.add_argument("--generate", default="generate", metavar="PATH", help="the generator of the council's files")
    parser.add_argument("--mib", type=int, default=200, help="size of the council (default 200)")
    parser.add_argument("--seed", type=int, default=7, help="seed of the council (default 7)")
    parser.add_argument("--weeks", type=int, default=6, help="how many weeks (default 6)")
    parser.add_argument("--only", default="chest,restic,borg", metavar="NAMES", help="which programs, comma between them")
    parser.add_argument("--work", metavar="DIR", help="where everything is done; nothing is removed then")
    parser.add_argument("--s3", nargs=2, metavar=("ENDPOINT", "BUCKET"), help="on S3 instead of a folder")
    return parser.parse_args()


class Stored:
    """One program with one repository, and what it stored in each week."""

    def __init__(self, kind, binary, what, place, s3):
        self.kind, self.what, self.s3 = kind, what, s3 if kind.on_s3 else None
        os.makedirs(place)
        self.program = kind(binary, place, self.s3.s3_for(kind.name) if self.s3 else None)
        self.program.setup()
        self.weeks = []

    def back_up(self, source, name):
        """Backs it up, and notes what that stored."""
        if self.s3:
            self.s3.counts()
        before = 0 if self.s3 else data.size_on_disk(self.program.folder)
        command = self.program.backup(source)
        if self.kind is programs.Chest:
            command += ["--as", name, "--accept-shrink"] + (["--class", "email"] if self.what == "mail" else [])
        self.program.quietly(command)
        grown = self.s3.counts()[1] if self.s3 else data.size_on_disk(self.program.folder) - before
        self.weeks.append(grown)


def six_weeks(arguments, work):
    """Every week, backed up by every program. Gives the rows, and ours of the documents and of the mail."""
    found = []
    for kind in programs.ALL:
        binary = shutil.which(arguments.chest if kind is programs.Chest else kind.name)
        if kind.name in arguments.only.split(",") and binary:
            print(f"{kind.name}: {kind.version(os.path.abspath(binary))}", file=sys.stderr)
            found.append((kind, os.path.abspath(binary)))
    s3 = S3(*arguments.s3, counted=True) if arguments.s3 else None
    live = os.path.join(work, "council")
    rows = []
    with s3 or open(os.devnull):
        for kind, binary in found:
            for what in ("folder", "ZIP", "mail"):
                rows.append(Stored(kind, binary, what, os.path.join(work, f"{kind.name}-{what}"), s3))
        for week in range(1, arguments.weeks + 1):
            a_week(arguments, work, live, week)
            exported = os.path.join(work, f"OneDrive_{week}.zip")
            export(os.path.join(live, "documents"), exported, week)
            for row in rows:
                source, name = {
                    "folder": (os.path.join(live, "documents"), "documents"),
                    "ZIP": (exported, "OneDrive"),
                    "mail": (os.path.join(live, "mailboxes"), "mail"),
                }[row.what]
                row.back_up(source, name)
            print(f"week {week} done", file=sys.stderr)
    return rows, {row.what: row.program for row in rows if row.kind is programs.Chest}


def a_week(arguments, work, live, week):
    """The council after so many weeks; one document is there in week 1 only, and one message in weeks 1 and 2."""
    wanted = os.path.join(work, f"week-{week}")
    data.council(arguments.generate, wanted, arguments.mib, arguments.seed, week)
    if week == 1:
        put(os.path.join(wanted, "documents", DOCUMENT), "We, the undersigned, ask for a crossing at the school.\n")
    if week <= 2:
        letter = (
            "From: Miss Ada Finch <ada.finch@example.org>\nTo: clerk@example.org\nSubject: Xylophone lessons in the hall\n"
            "Date: Thu, 29 Oct 2026 10:00:00 +0000\n\nMay the glockenspiel be kept in the cupboard?\n"
        )
        put(os.path.join(wanted, "mailboxes", MESSAGE), letter)
    data.make_same(live, wanted)
    shutil.rmtree(wanted)
    # What changed a moment ago may change again unseen: programs read such a file once more.
    time.sleep(3.1)


def put(path, text):
    """A file with its time in the past."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    os.utime(path, (data.LONG_AGO, data.LONG_AGO))


def export(folder, path, week):
    """The folder as a ZIP, members in this week's order."""
    names = [os.path.join(at, name) for at, _, files in os.walk(folder) for name in files]
    random.Random(week).shuffle(names)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(name, os.path.relpath(name, folder))


def table(rows, weeks):
    """MiB stored in each week."""
    lines = ["| MiB stored | " + " | ".join(f"week {week}" for week in range(1, weeks + 1)) + " | weeks 2 on |"]
    lines.append("|---" * (weeks + 2) + "|")
    for what in ("folder", "ZIP", "mail"):
        for row in (row for row in rows if row.what == what):
            figures = [*row.weeks, sum(row.weeks[1:])]
            name = f"{what}, {row.kind.name}" + ("" if row.s3 or row.kind.on_s3 else " (in a folder)")
            lines.append(f"| {name} | " + " | ".join(f"{figure / (1 << 20):.2f}" for figure in figures) + " |")
    return "\n".join(lines)


def brought_back(chest, arguments):
    """What the clerk types in the last week, each command with the passphrase, cold and warm."""
    documents, mail = chest["folder"], chest["mail"]
    for program in (documents, mail):
        program.env.pop("CHEST_RECOVERY_WORDS_FILE", None)
        program.env["CHEST_PASSPHRASE_FILE"] = program.passphrase
        if arguments.s3:
            # Not past the counter, which is gone by now.
            program.env["CHEST_S3_ENDPOINT"] = arguments.s3[0]
    lines = ["| what is typed | cold cache, s | again, s |", "|---|---|---|"]
    for program, words in ((documents, ["find", "zebra"]), (mail, ["find", "--mail", "glockenspiel"])):
        program.drop_cache()
        measure.drop_page_cache()
        cold, answer = timed(program, [*words, "--json"])
        warm, _ = timed(program, [*words, "--json"])
        lines.append(f"| `chest {' '.join(words)}` | {cold:.2f} | {warm:.2f} |")
        command = bring_back(json.loads(answer), words)
        to = os.path.join(program.place, "brought-back")
        took, _ = timed(program, [*command, "--to", to])
        again, _ = timed(program, [*command, "--to", to])
        lines.append(f"| `chest {command[0]} …` | {took:.2f} | {again:.2f} |")
        if not os.listdir(to):
            raise RuntimeError(f"{command} brought nothing back")
    return "\n".join(lines)


def bring_back(found, words):
    """The command that brings back what was found, which must be gone by now."""
    if "--mail" in words:
        (hit,) = (hit for hit in found["messages"] if "Xylophone" in hit["subject"])
        assert hit["deleted"], hit
        return ["mail", "save", hit["id"]]
    (hit,) = (hit for hit in found["hits"] if hit["path"].endswith(DOCUMENT))
    assert hit["deleted"], hit
    return ["restore", hit["versions"][0]["last_seen"]["snapshot"], hit["path"]]


def timed(program, words):
    """Seconds, and what it wrote."""
    begun = time.monotonic()
    said = program.quietly([program.binary, *words])
    return time.monotonic() - begun, said


if __name__ == "__main__":
    main()
