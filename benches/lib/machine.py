"""What a reader of the figures must know of the machine and the hour."""

import datetime
import os
import platform


def facts():
    """Cores, processor, memory, system, file system, load."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cores": os.cpu_count(),
        "processor": processor(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_at_start": [round(load, 2) for load in os.getloadavg()],
    }


def processor():
    """The processor's own name for itself."""
    with open("/proc/cpuinfo") as info:
        names = [line.split(":", 1)[1].strip() for line in info if line.startswith("model name")]
    return names[0] if names else platform.machine()


def file_system(path):
    """The kind of file system and the device that holds `path`."""
    best = ("", "unknown")
    with open("/proc/mounts") as mounts:
        for line in mounts:
            device, point, kind, *_ = line.split()
            if os.path.realpath(path).startswith(point) and len(point) >= len(best[0]):
                best = (point, f"{kind} on {device}")
    return best[1]


def sentence(about):
    """The facts as one line of text."""
    load = " ".join(f"{number:.2f}" for number in about["load_at_start"])
    return (
        f"{about['date']}, {about['cores']} cores ({about['processor']}), {about['memory_gib']} GiB, {about['system']}, "
        f"{about['file_system']}; load at start {load}"
    )
