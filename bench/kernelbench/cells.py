"""Measures of cells: round trip, throughput, errors, rich output, heartbeat, and many cells in one notebook."""
import json
import time

import zmq

from .processes import embedded_server, percentile, resident_mib, tree
from .wire import DELIMITER, Timeout

WARM_COUNT = 30
MISSED_LIMIT = 10


def roundtrip(kernel, snippets, options):
    for _ in range(WARM_COUNT):
        try:
            kernel.wait(kernel.execute(snippets["trivial"]), 3, check=True)
        except Timeout:
            pass
    times, replies, missed = [], [], 0
    for _ in range(options.cells):
        try:
            result = kernel.run(snippets["trivial"], timeout=3)
        except Timeout:
            missed += 1
            if missed > MISSED_LIMIT:
                return dict(error="%d cells without reply or idle in 3 s" % missed, missed=missed)
            continue
        times.append(result["ms"])
        replies.append(result["reply_ms"])
    return dict(
        missed=missed,
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        p99=percentile(times, 99),
        reply_p50=percentile(replies, 50),
        bad_signatures=kernel.bad_signatures,
        checked=kernel.checked,
        samples=[round(x, 4) for x in times],
    )


def throughput(kernel, snippets, options):
    """Silent cells, all sent before the first answer is waited for."""
    kernel.drain(20)
    started_at = time.perf_counter()
    ids = [kernel.execute(snippets["assign"], silent=True) for _ in range(options.silent)]
    left, is_idle, last, ok_count, moved_at = set(ids), False, ids[-1].encode(), 0, started_at
    while left or not is_idle:
        for one, frames in kernel.ready_frames(500):
            moved_at = time.perf_counter()
            at = frames.index(DELIMITER)
            if kernel.channel_of[one] == "iopub":
                is_idle = is_idle or (last in frames[at + 3] and b'"idle"' in frames[at + 5])
            else:
                left.discard(json.loads(frames[at + 3]).get("msg_id"))
                ok_count += b'"ok"' in frames[at + 5]
        if time.perf_counter() > moved_at + 10:
            return dict(error="%d replies missing, last idle %s" % (len(left), is_idle))
    elapsed = time.perf_counter() - started_at
    return dict(total_s=elapsed, cells_per_s=options.silent / elapsed, ok=ok_count)


def error(kernel, snippets, _options):
    times = []
    for index in range(11):
        time.sleep(0.3)  # some kernels abort all that comes shortly after an error
        result = kernel.run(snippets["error"])
        if index >= 2:
            times.append(result["ms"])
    time.sleep(0.3)
    content = result["content"]
    return dict(p50=percentile(times, 50), status=content.get("status"), ename=content.get("ename"))


def rich(kernel, snippets, _options):
    measured = {}
    for name, code, mime in snippets["rich"]:
        times, size = [], 0
        for _ in range(13):
            result = kernel.run(code, timeout=60)
            times.append(result["ms"])
            for _, _, message_type, content in result["outputs"]:
                if message_type in ("display_data", "execute_result"):
                    size = max(size, len(json.loads(content)["data"].get(mime, "")))
        if size == 0:
            measured[name] = dict(error="no %s, status %s" % (mime, result["content"].get("status")))
        else:
            measured[name] = dict(first_ms=times[0], p50=percentile(times[1:], 50), size=size)
    return measured


def heartbeat(kernel, _snippets, _options):
    one, times = kernel.sockets["hb"], []
    for index in range(210):
        sent_at = time.perf_counter()
        one.send(b"ping")
        if not one.poll(3000):
            return dict(error="no heartbeat reply in 3 s")
        one.recv()
        if index >= 10:
            times.append((time.perf_counter() - sent_at) * 1e3)
    return dict(p50=percentile(times, 50), p95=percentile(times, 95))


def busy(kernel, snippets, _options):
    """Heartbeat and control channel while a cell sleeps for 1.5 s (asked 0.3 s into it)."""
    cell = kernel.execute(snippets["sleep"].replace("{S}", "1.5"), store=False)
    kernel.wait(cell, need=("busy",))
    time.sleep(0.3)
    one = kernel.sockets["hb"]
    sent_at = time.perf_counter()
    one.send(b"ping")
    heartbeat_ms = (time.perf_counter() - sent_at) * 1e3 if one.poll(5000) else None
    if heartbeat_ms is not None:
        one.recv(zmq.NOBLOCK)
    sent_at = time.perf_counter()
    question = kernel.send("control", "kernel_info_request", {})
    try:
        control_ms = (kernel.wait(question, 4, need=("reply",))["reply"] - sent_at) * 1e3
    except Timeout:
        control_ms = None
    kernel.wait(kernel.execute(snippets["trivial"]), 20)
    return dict(hb_ms=heartbeat_ms, control_ms=control_ms)


def many_cells(kernel, snippets, options):
    """A notebook of many cells: time of all so far, and memory of each process, at marks on the way."""
    server = embedded_server(kernel.spec.env.get("RSERVER_DATA_DIR") or options.data_directory)
    marks = {x for exponent in range(6) for x in (10**exponent, 3 * 10**exponent) if x <= options.many}
    points, started_at = [], time.perf_counter()
    resident = dict(start_mib=resident_mib(kernel.process.pid))
    for index in range(1, options.many + 1):
        kernel.run(snippets["trivial"], timeout=20)
        if index in marks or index == options.many:
            elapsed = time.perf_counter() - started_at
            memory = dict(kernel_mib=resident_mib(kernel.process.pid))
            if server:
                memory["server_mib"] = resident_mib(server)
                memory["runtimes_mib"] = sum(resident_mib(pid) or 0 for pid in tree(server)[1:])
            points.append(dict(memory, n=index, seconds=elapsed))
            resident["after_%d_mib" % index] = memory["kernel_mib"]
            started_at = time.perf_counter() - elapsed  # looking at memory is not counted
    return dict(resident, points=points)
