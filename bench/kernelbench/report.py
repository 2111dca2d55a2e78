"""Medians over the rounds, and a table of them."""
import statistics

from .processes import percentile

ROWS = (  # label, path, unit, digits, better
    ("start to kernel_info", "startup.info_ms", "ms", 0, "low"),
    ("start to the end of a first cell", "startup.first_ms", "ms", 0, "low"),
    ("the same with nothing running", "startup.nothing_first_ms", "ms", 0, "low"),
    ("`1+1` p50 (reply and idle)", "roundtrip.p50", "ms", 3, "low"),
    ("`1+1` p95", "roundtrip.p95", "ms", 3, "low"),
    ("`1+1` p99", "roundtrip.p99", "ms", 3, "low"),
    ("cells without reply or idle", "roundtrip.missed", "", 0, "low"),
    ("silent cells, pipelined", "throughput.cells_per_s", "cells/s", 0, "high"),
    ("error cell p50", "error.p50", "ms", 2, "low"),
    ("10 000 lines", "stream_10k.total_s", "s", 3, "low"),
    ("lines in a loop", "stream.total_s", "s", 2, "low"),
    ("lines in a loop: first chunk", "stream.first_ms", "ms", 1, "low"),
    ("lines in a loop: after idle", "stream.late", "", 0, "low"),
    ("lines in a loop: lost", "stream.lost", "", 0, "low"),
    ("lines in a loop: bare program", "stream.bare_s", "s", 2, None),
    ("one big write", "stream_bulk.total_s", "s", 3, "low"),
    ("one big write: lost", "stream_bulk.lost", "", 0, "low"),
    ("one big write: bare program", "stream_bulk.bare_s", "s", 3, None),
    ("live ticks (flushed) p50", "live.p50", "ms", 2, "low"),
    ("live ticks (flushed) p95", "live.p95", "ms", 2, "low"),
    ("live ticks (not flushed) p50", "live_plain.p50", "ms", 2, "low"),
    ("live ticks (not flushed) p95", "live_plain.p95", "ms", 2, "low"),
    ("completion p50", "complete.p50", "ms", 2, "low"),
    ("inspection p50", "inspect.p50", "ms", 2, "low"),
    ("is_complete p50", "is_complete.p50", "ms", 3, "low"),
    ("completion while a cell computes", "while_busy.complete_spin.p50", "ms", 2, "low"),
    ("inspection while a cell computes", "while_busy.inspect_spin.p50", "ms", 2, "low"),
    ("interrupt of a sleep p95", "interrupt.sleep.p95", "ms", 1, "low"),
    ("interrupt of a loop p95", "interrupt.spin.p95", "ms", 1, "low"),
    ("interrupt of a subprocess p95", "interrupt.subprocess.p95", "ms", 1, "low"),
    ("plot: first", "rich.plot.first_ms", "ms", 0, "low"),
    ("plot: then p50", "rich.plot.p50", "ms", 1, "low"),
    ("ggplot: then p50", "rich.ggplot.p50", "ms", 1, "low"),
    ("table (html): then p50", "rich.table.p50", "ms", 2, "low"),
    ("heartbeat p50", "hb.p50", "ms", 3, "low"),
    ("heartbeat while a cell sleeps", "busy.hb_ms", "ms", 1, "low"),
    ("RSS of the kernel at start", "mem_start.kernel_mib", "MiB", 0, "low"),
    ("shutdown: process gone", "shutdown.exit_ms", "ms", 1, "low"),
    ("load average before", "load", "", 2, None),
    ("calibration (fixed CPU work)", "calib_ms", "ms", 1, None),
)


def leaves(report, prefix=""):
    """Every number and truth value of a report by its path."""
    for key, value in report.items():
        path = prefix + key
        if isinstance(value, dict):
            if not isinstance(value.get("error"), str):
                yield from leaves(value, path + ".")
        elif isinstance(value, (int, float)):
            yield path, value
        elif key == "samples":
            yield path, value


def summary(rounds):
    """By path: median, min, max over the rounds, or whether it held in all; samples are put together."""
    gathered = {}
    for report in rounds:
        for path, value in leaves(report):
            gathered.setdefault(path, []).append(value)
    found = {}
    for path, values in gathered.items():
        if isinstance(values[0], bool):
            found[path] = all(values)
        elif isinstance(values[0], list):
            pooled = [one for samples in values for one in samples]
            for share in (50, 95, 99):
                found["%s_p%d" % (path, share)] = dict(median=percentile(pooled, share), n=len(pooled))
        else:
            found[path] = dict(
                median=statistics.median(values), min=min(values), max=max(values), n=len(values)
            )
    return found


def table(data):
    names = list(data["kernels"])
    of = {name: summary(data["kernels"][name]["rounds"]) for name in names}
    base = names[0]
    lines = [
        "Medians over the rounds; in brackets the ratio to `%s`." % base,
        "",
        "| measure | unit | better | " + " | ".join(names) + " |",
        "|---|---|---|" + "---|" * len(names),
    ]
    for label, path, unit, digits, better in ROWS:
        found = [of[name].get(path) for name in names]
        if not any(isinstance(one, dict) for one in found):
            continue
        texts = []
        for name, one in zip(names, found):
            if not isinstance(one, dict):
                texts.append("-")
                continue
            text = "%.*f" % (digits, one["median"])
            first = of[base].get(path)
            if better and name != base and isinstance(first, dict) and first["median"]:
                text += " (%.3g)" % (one["median"] / first["median"])
            texts.append(text)
        lines.append("| %s | %s | %s | %s |" % (label, unit, better or "", " | ".join(texts)))
    return "\n".join(lines + failures(data)) + "\n"


def failures(data):
    found = []
    for name, kernel in data["kernels"].items():
        for index, report in enumerate(kernel["rounds"]):
            if report.get("failed"):
                found.append("- %s, round %d: %s" % (name, index + 1, report["failed"]))
            for path, text in errors(report):
                found.append("- %s, round %d, %s: %s" % (name, index + 1, path, text))
    return ["", "Failures:", ""] + found if found else []


def errors(report, prefix=""):
    for key, value in report.items():
        if isinstance(value, dict):
            if isinstance(value.get("error"), str):
                yield prefix + key, value["error"]
            else:
                yield from errors(value, prefix + key + ".")
