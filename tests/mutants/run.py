#!/usr/bin/env python3
"""Breaks one promise of the format at a time and demands that the test named for it notices (promises.toml). The test is one
of the Rust tests, or a command of the checkout: the independent reader notices what writer and reader get wrong together.

The checkout is never touched: it is copied to a scratch folder, which is kept from run to run with its own build folder,
so that only the crates above a change are built again. Python 3.11, standard library only.
"""

import argparse
import filecmp
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
TIME_LIMIT = 900
# The first build makes every dependency.
BUILD_LIMIT = 3600


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--random", type=int, metavar="N", help="only N, chosen by the seed")
    parser.add_argument("--seed", type=int, default=None, help="for --random; printed, so that a run can be repeated")
    parser.add_argument("--promise", type=int, action="append", help="only those of this promise")
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "chest-mutants")
    return parser.parse_args()


def choose(mutants, options):
    if options.promise:
        mutants = [mutant for mutant in mutants if mutant["promise"] in options.promise]
    if options.random is not None:
        seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
        print(f"seed {seed}", flush=True)
        mutants = random.Random(seed).sample(mutants, min(options.random, len(mutants)))
    return mutants


def copy_checkout(tree):
    """Copies what git knows or would add; files that are the same keep their times, so that cargo leaves them alone."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True).stdout.decode().split("\0")
    wanted = {name for name in listed if name and (CHECKOUT / name).is_file()}
    for name in wanted:
        source, copy = CHECKOUT / name, tree / name
        if copy.is_file() and filecmp.cmp(source, copy, shallow=False):
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        shutil.copymode(source, copy)
    for copy in list(tree.rglob("*")):
        if copy.is_file() and str(copy.relative_to(tree)) not in wanted:
            copy.unlink()


def run(tree, command, limit=TIME_LIMIT):
    environment = dict(
        os.environ, CARGO_TARGET_DIR=str(tree.parent / "target"), RUST_BACKTRACE="0", CHEST_CI_PROFILE="dev"
    )
    return subprocess.run(
        command, cwd=tree, env=environment, timeout=limit, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def cargo(tree, mutant, *more):
    target = ["--lib"] if mutant["target"] == "lib" else ["--test", mutant["target"]]
    limit = BUILD_LIMIT if "--no-run" in more else TIME_LIMIT
    return run(tree, ["cargo", "test", "-q", "-p", mutant["package"], *target, *more], limit)


def build(tree, mutant):
    """By itself, so that a change which does not compile is not taken for one that was noticed."""
    if "command" in mutant:
        return run(tree, ["cargo", "build", "--profile", "dev", "--locked", "--quiet"], BUILD_LIMIT)
    return cargo(tree, mutant, "--no-run")


def name_of(mutant):
    return mutant.get("command") or " ".join(mutant[part] for part in ("package", "target", "test"))


def run_test(tree, mutant):
    """Whether the test passed, and what was printed. A name that fits no test is an error of the table."""
    if "command" in mutant:
        result = run(tree, [mutant["command"]])
        return result.returncode == 0, result.stdout
    result = cargo(tree, mutant, "--", "--exact", mutant["test"])
    if "running 1 test" not in result.stdout:
        raise SystemExit(f"{mutant['test']} is not one test of {mutant['package']}, {mutant['target']}:\n{result.stdout}")
    return result.returncode == 0, result.stdout


def judge(tree, mutant):
    """What became of one mutant; the file is put back whatever happens."""
    path = tree / mutant["file"]
    original = path.read_text()
    if original.count(mutant["find"]) != 1:
        return f"TABLE IS WRONG: `find` stands {original.count(mutant['find'])} times in {mutant['file']}"
    try:
        path.write_text(original.replace(mutant["find"], mutant["replace"]))
        built = build(tree, mutant)
        if built.returncode != 0:
            return f"DOES NOT COMPILE:\n{built.stdout}"
        passed, printed = run_test(tree, mutant)
        lines = [line for line in printed.splitlines() if line.strip()]
        reason = next((line for line in lines if "panicked at" in line), lines[-1] if lines else "")
        return "SURVIVED" if passed else f"noticed  {reason.split(' panicked at ')[-1]}"
    except subprocess.TimeoutExpired:
        return f"NO ANSWER within {TIME_LIMIT} s"
    finally:
        path.write_text(original)


def main():
    options = arguments()
    mutants = choose(tomllib.loads((HERE / "promises.toml").read_text())["mutant"], options)
    scratch = options.scratch.resolve()
    if scratch == CHECKOUT or CHECKOUT in scratch.parents:
        raise SystemExit("the scratch folder must lie outside the checkout")
    tree = scratch / "tree"
    tree.mkdir(parents=True, exist_ok=True)
    copy_checkout(tree)

    checked = set()
    for mutant in mutants:
        name = name_of(mutant)
        if name not in checked:
            built = build(tree, mutant)
            if built.returncode != 0:
                raise SystemExit(f"the checkout does not compile:\n{built.stdout}")
            passed, printed = run_test(tree, mutant)
            if not passed:
                raise SystemExit(f"{name} fails without any change:\n{printed}")
            checked.add(name)
    print(f"{len(checked)} tests pass unchanged", flush=True)

    bad = 0
    for mutant in mutants:
        start = time.monotonic()
        verdict = judge(tree, mutant)
        bad += not verdict.startswith("noticed")
        took = time.monotonic() - start
        print(f"promise {mutant['promise']:2}  {mutant['what']}: {verdict}  ({took:.0f} s)", flush=True)
    print(f"{len(mutants) - bad} of {len(mutants)} noticed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
