"""The trees that are backed up: made from a seed, so that every machine measures the same files; changed in place, as a user
changes them; and compared by content after a restore."""

import filecmp
import os
import random
import shutil
import subprocess
import sys

SMALL_FILES_SEED = 11
# 2026-10-30 12:00 UTC. Every file's time follows from the seed, never from the day of the measurement.
LONG_AGO = 1_793_361_600


def council(generate, folder, mib, seed, weeks):
    """The council of that size after so many weeks of change; made once and kept."""
    if not os.path.exists(folder):
        if not generate:
            sys.exit("the generator was not found: name it with --generate (see the examples in --help)")
        making = folder + ".making"
        shutil.rmtree(making, ignore_errors=True)
        subprocess.run([generate, making, str(mib), str(seed), str(weeks)], check=True, stdout=subprocess.DEVNULL)
        os.rename(making, folder)
    return folder


def small_files(folder, count, week):
    """A tree like one of documentation: many short texts, a tenth of them incompressible; made once and kept. In the week
    one file in a hundred is edited, one in five hundred removed, and as many are added."""
    if os.path.exists(folder):
        return folder
    making = folder + ".making"
    shutil.rmtree(making, ignore_errors=True)
    source = random.Random(SMALL_FILES_SEED)
    words = vocabulary(source)
    pool = "".join(sentence(source, words) for _ in range(60_000))
    for number in range(count + week * (count // 500)):
        one = random.Random(f"{SMALL_FILES_SEED}/{number}")
        if week and number < count and number % 500 == 250:
            continue
        ending, content = page(one, number, pool)
        name = f"page {number:06}.{ending}"
        path = os.path.join(making, f"part {number // 2500:03}", f"section {number // 50:04}", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        time = LONG_AGO - one.randrange(10**8)
        if week and (number % 100 == 50 or number >= count):
            content += b"Amended in the week.\n"
            time = LONG_AGO + 86_400 + number
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (time, time))
    os.rename(making, folder)
    return folder


def vocabulary(source):
    """Words that do not exist, made of the letters that are frequent in English."""
    letters = "etaoinshrdlucmfwypvbgkq"

    def word():
        return "".join(letters[min(source.randrange(23), source.randrange(23))] for _ in range(source.randrange(2, 11)))

    return [word() for _ in range(10_000)]


def sentence(source, words):
    """The n-th word comes about 1/n as often as the first, as in any language."""
    chosen = [words[int(len(words) ** source.random()) - 1] for _ in range(source.randrange(5, 20))]
    return " ".join(chosen).capitalize() + ".\n"


def page(one, number, pool):
    """The end of one file's name and its bytes: 4 KiB in the median, some up to 200 KiB. Noise is not called a text, which
    would look like an attack."""
    length = min(200_000, int(one.lognormvariate(8.3, 1.2)))
    if one.randrange(10) == 0:
        return "bin", one.randbytes(length)
    text = [f"Page {number}\n"]
    while length > 0:
        piece = min(length, one.randrange(200, 2_000))
        begin = one.randrange(len(pool) - piece)
        text.append(pool[begin : begin + piece])
        length -= piece
    return "txt", "".join(text).encode()


def make_same(work, wanted):
    """Makes `work` equal to `wanted`, touching only what differs, as an edit would; then there is nothing newer than a
    second ago, which some programs would not trust."""
    have, want = listing(work), listing(wanted)
    for path in sorted(have.keys() - want.keys(), reverse=True):
        remove(os.path.join(work, path))
    for path in sorted(want):
        source, target = os.path.join(wanted, path), os.path.join(work, path)
        if have.get(path) == want[path]:
            continue
        if os.path.isdir(source):
            os.makedirs(target, exist_ok=True)
        else:
            shutil.copyfile(source, target)
            shutil.copystat(source, target)
    for path in sorted(want, reverse=True):
        if os.path.isdir(os.path.join(wanted, path)):
            stat = os.stat(os.path.join(wanted, path))
            if os.stat(os.path.join(work, path)).st_mtime_ns != stat.st_mtime_ns:
                os.utime(os.path.join(work, path), ns=(stat.st_atime_ns, stat.st_mtime_ns))


def listing(tree):
    """Every path below it, with what tells a changed file."""
    found = {}
    if os.path.isdir(tree):
        for folder, folders, files in os.walk(tree):
            for name in folders:
                found[os.path.relpath(os.path.join(folder, name), tree)] = "folder"
            for name in files:
                path = os.path.join(folder, name)
                stat = os.lstat(path)
                found[os.path.relpath(path, tree)] = (stat.st_size, stat.st_mtime_ns)
    else:
        os.makedirs(tree)
    return found


def remove(path):
    """A file or an empty folder."""
    if os.path.isdir(path):
        os.rmdir(path)
    else:
        os.unlink(path)


def differences(a, b):
    """Paths that are in one only, or whose bytes differ. Every byte is read."""
    in_a, in_b = listing(a), listing(b)
    different = sorted(in_a.keys() ^ in_b.keys())
    for path in in_a.keys() & in_b.keys():
        one, other = os.path.join(a, path), os.path.join(b, path)
        if os.path.isfile(one) and not filecmp.cmp(one, other, shallow=False):
            different.append(path)
    return different


def inside(restored, source):
    """The folder below `restored` that stands for `source`: programs differ in how many folders above it they make."""
    names, at = set(os.listdir(source)), restored
    while set(os.listdir(at)) != names:
        below = [os.path.join(at, name) for name in os.listdir(at)]
        if len(below) != 1 or not os.path.isdir(below[0]):
            return at
        at = below[0]
    return at


def find_file(restored, path):
    """The one restored file; `None` where it is not there."""
    for folder, _, files in os.walk(restored):
        if os.path.basename(path) in files:
            return os.path.join(folder, os.path.basename(path))
    return None


def warm(tree):
    """Reads every byte, so that the disk is in no one's figures. Gives the number of files and their bytes."""
    files = total = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            files += 1
            with open(os.path.join(folder, name), "rb", buffering=0) as file:
                while piece := file.read(1 << 20):
                    total += len(piece)
    return files, total


def size_on_disk(tree):
    """Length of all files together."""
    return sum(os.lstat(os.path.join(folder, name)).st_size for folder, _, names in os.walk(tree) for name in names)
