"""Runs one program and tells what it cost: wall time, processor seconds and peak memory of it and all its children.

The program is started by a small interpreter of its own (this file, run as a script): the system's figure for peak memory
also covers the process that was forked, so a large parent would be seen in place of a small program. That small interpreter
is the floor: peaks below about 12 MiB cannot be told apart.
"""

import dataclasses
import json
import os
import resource
import subprocess
import sys
import time


class Failed(Exception):
    """A measured program ended with a code that it should not have ended with."""


@dataclasses.dataclass
class Measurement:
    """What one run cost."""

    wall: float
    cpu: float
    peak_mib: float
    # Processor seconds that all others on the machine used meanwhile: what tells a disturbed run.
    others_cpu: float


def run(command, env, cwd, log, accepted=(0,)):
    """Runs it to its end; its output goes to the file `log`. Gives its cost and what it wrote on standard output."""
    before = machine_cpu()
    launcher = [sys.executable, "-I", "-S", os.path.abspath(__file__), log, *command]
    done = subprocess.run(launcher, env=env, cwd=cwd, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, check=True)
    all_of_us = machine_cpu() - before
    cost = json.loads(done.stdout)
    with open(log + ".out", errors="replace") as out:
        output = out.read()
    if cost["code"] not in accepted:
        with open(log + ".err", errors="replace") as err:
            raise Failed(f"{' '.join(command)} ended with {cost['code']}:\n{err.read()[-2000:]}{output[-2000:]}")
    others = max(0.0, all_of_us - cost["cpu"])
    return Measurement(cost["wall"], cost["cpu"], cost["peak_mib"], others), output


def machine_cpu():
    """Processor seconds that the whole machine has worked since it was started."""
    with open("/proc/stat") as stat:
        user, nice, system, _idle, _wait, irq, softirq, *_ = map(int, stat.readline().split()[1:])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def wait_until_quiet(patience):
    """Waits until the machine is nearly idle for a second, at most `patience` seconds. Tells whether it became so."""
    end = time.monotonic() + patience
    while patience > 0:
        before = machine_cpu()
        time.sleep(1)
        if machine_cpu() - before < 0.15 * os.cpu_count():
            return True
        if time.monotonic() > end:
            return False
    return True


def drop_page_cache():
    """Makes the system forget what it has read of the disk. Tells whether it let us."""
    os.sync()
    try:
        with open("/proc/sys/vm/drop_caches", "w") as door:
            door.write("3")
        return True
    except OSError:
        return False


def launch(log, command):
    """The small interpreter's work: start, wait, tell."""
    creation = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [(os.POSIX_SPAWN_OPEN, fd, log + end, creation, 0o600) for fd, end in ((1, ".out"), (2, ".err"))]
    start = time.monotonic()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - start
    print(
        json.dumps(
            {
                "wall": wall,
                "cpu": usage.ru_utime + usage.ru_stime,
                "peak_mib": usage.ru_maxrss / 1024,
                "code": os.waitstatus_to_exitcode(status),
            }
        )
    )


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    launch(sys.argv[1], sys.argv[2:])
