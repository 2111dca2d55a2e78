"""What /proc tells of processes, and the few statistics that all measures share."""
import hashlib
import os
import threading
import time


def tree(pid):
    """The process and all that descend from it."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open("/proc/%s/stat" % entry) as file:
                    parent = int(after_name(file.read())[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry))
    found, open_ends = [], [pid]
    while open_ends:
        one = open_ends.pop()
        found.append(one)
        open_ends += children.get(one, [])
    return found


def after_name(stat):
    """The fields of /proc/PID/stat from the third on: the second may hold blanks and brackets."""
    return stat[stat.rindex(")") + 2 :].split()


def memory_of_tree(pid):
    """RSS and PSS (MiB) and CPU seconds of a process and its descendants."""
    rss = pss = cpu = count = 0
    ticks = os.sysconf("SC_CLK_TCK")
    for one in tree(pid):
        try:
            with open("/proc/%d/smaps_rollup" % one) as file:
                for line in file:
                    if line.startswith("Rss:"):
                        rss += int(line.split()[1])
                    if line.startswith("Pss:"):
                        pss += int(line.split()[1])
            with open("/proc/%d/stat" % one) as file:
                cpu += sum(int(x) for x in after_name(file.read())[11:15]) / ticks
            count += 1
        except OSError:
            pass
    return dict(rss_mib=rss / 1024, pss_mib=pss / 1024, cpu_s=cpu, procs=count)


def resident_mib(pid):
    """RSS of one process; None when it is gone."""
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1]) / 1024
    except OSError:
        pass
    return None


def embedded_server(data_directory):
    """The process id of the embedded server with this data folder, or None."""
    if not data_directory:
        return None
    wanted = b"RSERVER_DATA_DIR=" + data_directory.encode()
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/cmdline" % entry, "rb") as file:
                words = file.read().split(b"\0")
            if b"embedded" not in words:
                continue
            with open("/proc/%s/environ" % entry, "rb") as file:
                if wanted in file.read().split(b"\0"):
                    return int(entry)
        except OSError:
            pass
    return None


class MemoryWatch:
    """Samples the RSS of named processes until it is stopped."""

    def __init__(self, pids, every_s=0.1):
        self.samples = {name: [] for name, pid in pids.items() if pid}
        self._pids = {name: pid for name, pid in pids.items() if pid}
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        while not self._stop.wait(self._every_s):
            self._sample()

    def _sample(self):
        for name, pid in self._pids.items():
            mib = resident_mib(pid)
            if mib is not None:
                self.samples[name].append(mib)


def calibrate():
    """Milliseconds of a fixed piece of CPU work; many say that the machine was busy."""
    block, started = b"x" * 4_000_000, time.perf_counter()
    for _ in range(3):
        hashlib.sha256(block).digest()
    return (time.perf_counter() - started) * 1e3


def percentile(values, share):
    """Interpolated; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    position = (len(ordered) - 1) * share / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
