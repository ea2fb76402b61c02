"""The figures as Markdown: one table for each tree and place."""

import statistics

from compare.rounds import SIZES, STEPS
from lib import machine

MIB = 1 << 20


def markdown(about, results):
    """All of it."""
    versions = ", ".join(about["versions"].values())
    lines = [machine.sentence(about) + ".", f"Programs: {versions}. {about['rounds']} rounds, rotating order.", ""]
    for result in results:
        lines += table(result)
    return "\n".join(lines)


def table(result):
    """One tree in one place. Times in seconds."""
    names = [name for name in result.names if any(result.steps[step][name] for step in STEPS)]
    lines = [f"### {result.title[0].upper()}{result.title[1:]}, {result.place}", ""]
    lines += [f"{result.files:,} files, {result.bytes / MIB:,.0f} MiB.", ""]
    lines += ["| step | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for step in () if result.counted else STEPS:
        cells = [cell(result.steps[step][name], result.steps[step].get("chest")) for name in names]
        if any(cells):
            lines.append(f"| {step} | " + " | ".join(cells) + " |")
    for size in () if result.counted else SIZES:
        sizes = [result.sizes[size][name] for name in names]
        if any(sizes):
            ours = result.sizes[size].get("chest")
            lines.append(f"| MiB {size} | " + " | ".join(size_cell(each, ours) for each in sizes) + " |")
    for step in STEPS:
        counts = [result.counts[step][name] for name in names]
        if any(counts):
            lines.append(f"| {step} | " + " | ".join(map(count_cell, counts)) + " |")
    return lines + [""] + (counted_notes() if result.counted else notes(result, names)) + [""]


def cell(runs, ours):
    """Median wall time [least-most], processor seconds / peak MiB, and the multiple of ours."""
    if not runs:
        return ""
    walls = [one.wall for one in runs]
    median = statistics.median(walls)
    text = f"**{median:.2f}** [{min(walls):.2f}–{max(walls):.2f}]"
    text += f" {statistics.median(one.cpu for one in runs):.1f}/{statistics.median(one.peak_mib for one in runs):.0f}"
    if ours and ours is not runs:
        text += f" ×{median / statistics.median(one.wall for one in ours):.2f}"
    return text


def size_cell(sizes, ours):
    """Median, and the multiple of ours."""
    if not sizes:
        return ""
    text = f"{statistics.median(sizes) / MIB:,.1f}"
    if ours and ours is not sizes:
        text += f" ×{statistics.median(sizes) / statistics.median(ours):.3f}"
    return text


def count_cell(counts):
    """Requests, MiB sent, MiB received."""
    if not counts:
        return ""
    requests, sent, received = counts[0]
    return f"{requests}, {sent / MIB:.1f}, {received / MIB:.1f}"


def counted_notes():
    """How to read the table of counts."""
    return ["Cells: requests, MiB sent to the store, MiB received from it."]


def notes(result, names):
    """How to read the table."""
    by_secret = "; ".join(f"{name}: {result.opened_with[name]}" for name in names)
    dropped = "dropped" if result.page_cache_dropped else "kept (the system or a flag did not let us drop it)"
    runs = [one for step in STEPS for name in names for one in result.steps[step][name]]
    work, others = sum(one.wall for one in runs), sum(one.others_cpu for one in runs)
    return [
        "Cells: **median seconds** [least–most] processor seconds/peak MiB ×multiple of chest's time. "
        + f"Peaks below about 12 MiB cannot be told apart. Opened with: {by_secret}. "
        + f"One file: the program's own cache dropped, page cache {dropped}. "
        + f"While programs ran, everything else used {others / max(work, 0.001):.2f} processors on average; "
        + f"{result.disturbed} steps began although the machine was not quiet."
    ]
