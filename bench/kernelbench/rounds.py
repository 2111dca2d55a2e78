"""One round of one kernel: a fresh process, and one measure after the other."""
import json
import os
import time

from . import cells, interrupts, output, questions, startup
from .presets import PRESETS
from .processes import calibrate, memory_of_tree, resident_mib
from .wire import Dead, Kernel, Timeout

# Measures of one kernel that runs all the time: name, function, the snippet that it needs.
MEASURES = (
    ("hb", cells.heartbeat, None),
    ("roundtrip", cells.roundtrip, "trivial"),
    ("complete", questions.complete, "complete"),
    ("inspect", questions.inspect, "inspect"),
    ("is_complete", questions.is_complete, "is_complete"),
    ("throughput", cells.throughput, "assign"),
    ("error", cells.error, "error"),
    ("stream_10k", output.stream_10k, "stream"),
    ("stream", output.stream_100k, "stream"),
    ("stream_bulk", output.stream_bulk, "stream_bulk"),
    ("live", output.live, "live"),
    ("live_plain", output.live_plain, "live_plain"),
    ("busy", cells.busy, "sleep"),
    ("while_busy", questions.while_busy, "spin_for"),
    ("rich", cells.rich, "rich"),
    ("many", cells.many_cells, "trivial"),
    ("sizes", output.sizes, "size"),
)
# Measures that start kernels of their own.
OF_OWN_KERNELS = (
    ("startup", startup.startup, "trivial"),
    ("interrupt", interrupts.interrupts, "sleep"),
    ("flood", output.flood, "flood"),
)
# Long ones, run only when they are asked for.
ON_DEMAND = ("many", "sizes", "flood")
NAMES = tuple(name for name, _, _ in MEASURES + OF_OWN_KERNELS)


class Starter:
    """Starts processes of one kernel."""

    def __init__(self, spec):
        self.spec = spec

    def __call__(self):
        return Kernel(self.spec)


def one_round(spec, preset, options):
    snippets = PRESETS[preset]
    report = dict(load=os.getloadavg()[0], calib_ms=calibrate())

    def wanted(measures):
        return [
            (name, measure)
            for name, measure, needed in measures
            if (name in options.only if options.only else name not in ON_DEMAND)
            and (needed is None or snippets.get(needed))
        ]

    start = Starter(spec)
    for name, measure in wanted(OF_OWN_KERNELS):
        report[name] = attempt(measure, start, snippets, options)
        tell(spec, name, report[name], options)
    on_one_kernel = wanted(MEASURES)
    if not on_one_kernel:
        return report
    kernel = start()
    try:
        report["cold"] = kernel.start(snippets["trivial"])
        time.sleep(0.3)
        report["mem_start"] = dict(memory_of_tree(kernel.process.pid), kernel_mib=resident_mib(kernel.process.pid))
        for name, measure in on_one_kernel:
            report[name] = attempt(measure, kernel, snippets, options)
            tell(spec, name, report[name], options)
        report["mem_end"] = memory_of_tree(kernel.process.pid)
        report["shutdown"] = kernel.shutdown()
    except (Dead, Timeout) as error:
        report["failed"] = "%s: %s" % (type(error).__name__, error)
        kernel.close()
    return report


def attempt(measure, subject, snippets, options):
    try:
        return measure(subject, snippets, options)
    except Dead:
        if isinstance(subject, Kernel):
            raise
        return dict(error="the kernel ended")
    except Exception as error:  # one measure that fails is told, and the others go on
        if isinstance(subject, Kernel):
            subject.drain(500)
        return dict(error="%s: %s" % (type(error).__name__, str(error)[:300]))


def tell(spec, name, measured, options):
    if options.verbose:
        shown = {key: value for key, value in measured.items() if not key.startswith("samples")}
        print("    %s %s %s" % (spec.name, name, json.dumps(shown)[:600]), flush=True)
