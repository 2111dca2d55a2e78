"""Measures of output: lines in a loop, one big write, sizes, live ticks, and far more text than a slow client takes."""
import json
import os
import re
import subprocess
import time

from .presets import LINE, LINE_BYTES
from .processes import MemoryWatch, embedded_server, percentile, resident_mib
from .wire import DELIMITER, Kernel

SECONDS_LIMIT = 240
TICK_PATTERN = re.compile(r"\d{10}\.\d{3,6}")


def stream_10k(kernel, snippets, options):
    return beside_bare(kernel, snippets["stream"], 10_000, snippets)


def stream_100k(kernel, snippets, options):
    return beside_bare(kernel, snippets["stream"], options.lines, snippets)


def stream_bulk(kernel, snippets, options):
    return beside_bare(kernel, snippets["stream_bulk"], options.lines, snippets)


def beside_bare(kernel, template, line_count, snippets):
    """The cell, and right after it the bare program that writes the same into a pipe."""
    code = template.replace("{N}", str(line_count))
    measured = stream(kernel, code, line_count)
    if "error" in measured:
        return measured
    bare = write_into_pipe(snippets["bare"](code), line_count * LINE_BYTES)
    return dict(
        measured,
        **bare,
        beside_writing=measured["total_s"] / bare["bare_s"],
        beside_program=measured["total_s"] / bare["bare_program_s"],
    )


def write_into_pipe(argv, byte_count):
    """Seconds in which a bare program writes so many bytes into a pipe that is read: the writing, and with its start."""
    started_at = time.perf_counter()
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        pipe = program.stdout.fileno()
        ready = b""
        while not ready.endswith(b"ready\n"):
            ready += os.read(pipe, 100)
        go_at = time.perf_counter()
        program.stdin.write(b"\n")
        program.stdin.flush()
        left = byte_count
        while left > 0:
            block = os.read(pipe, 1 << 20)
            if not block:
                raise RuntimeError("%d bytes are missing of %s" % (left, argv[0]))
            left -= len(block)
        done_at = time.perf_counter()
    writing = done_at - go_at
    return dict(bare_s=writing, bare_program_s=go_at - started_at + writing)


def stream(kernel, code, line_count):
    """Runs a cell that prints lines; nothing may be lost, and nothing come after idle."""
    kernel.drain(20)
    messages, replied_at, idle_at, status = [], None, None, None
    sent_at = moved_at = time.perf_counter()
    cell = kernel.execute(code, store=False)
    wanted = cell.encode()
    while (replied_at is None or idle_at is None) and time.perf_counter() < sent_at + SECONDS_LIMIT:
        for one, frames in kernel.ready_frames(500):
            now = moved_at = time.perf_counter()
            at = frames.index(DELIMITER)
            if wanted not in frames[at + 3]:
                continue
            if kernel.channel_of[one] == "shell":
                replied_at, status = now, json.loads(frames[at + 5]).get("status")
            elif b'"execution_state"' in frames[at + 5]:
                idle_at = now if b'"idle"' in frames[at + 5] else idle_at
            else:
                messages.append((now, frames[at + 2], frames[at + 5]))
        if replied_at and time.perf_counter() > moved_at + 5:
            break
    late = lines_until_quiet(kernel)
    texts = [(at, json.loads(body)["text"]) for at, header, body in messages if b'"stream"' in header]
    lines = "".join(text for _, text in texts).count(LINE)  # a line may be split over two messages
    if status != "ok" or not texts or idle_at is None:
        return dict(error="status %s, idle %s, %d of %d lines" % (status, idle_at is not None, lines, line_count))
    total_s = max(replied_at, idle_at) - sent_at
    return dict(
        total_s=total_s,
        mb_s=sum(len(text) for _, text in texts) / 1e6 / total_s,
        messages=len(texts),
        lost=line_count - lines - late,
        late=late,
        first_ms=(texts[0][0] - sent_at) * 1e3,
    )


def lines_until_quiet(kernel):
    """What still comes when it is all over."""
    late, quiet_at = 0, time.perf_counter()
    stop_at = quiet_at + 30
    while time.perf_counter() < min(stop_at, quiet_at + 0.5):
        for _, frames in kernel.ready_frames(100):
            quiet_at = time.perf_counter()
            late += frames[frames.index(DELIMITER) + 5].count(LINE.encode())
    return late


def live(kernel, snippets, options):
    return ticks(kernel, snippets["live"], options.ticks)


def live_plain(kernel, snippets, options):
    return ticks(kernel, snippets["live_plain"], options.ticks)


def ticks(kernel, template, count):
    """How old a time is when it arrives that the cell printed as the present one."""
    result = kernel.run(template.replace("{T}", str(count)), timeout=60)
    lags, message_count = [], 0
    for _, arrived, kind, content in result["outputs"]:
        if kind == "stream":
            times = [float(one) for one in TICK_PATTERN.findall(json.loads(content)["text"])]
            message_count += bool(times)
            lags += [(arrived - one) * 1e3 for one in times]
    if len(lags) != count:
        return dict(error="%d of %d ticks, %s" % (len(lags), count, result["content"].get("status")))
    return dict(
        p50=percentile(lags, 50),
        p95=percentile(lags, 95),
        messages=message_count,
        samples=[round(lag, 3) for lag in lags],
    )


def sizes(kernel, snippets, options):
    """Seconds of a cell that writes ever more bytes at once."""
    points = []
    for exponent in range(3, 9):
        byte_count = 10**exponent
        if byte_count > options.largest:
            break
        line_count = max(1, byte_count // LINE_BYTES)
        code = snippets["size"].replace("{N}", str(line_count))
        runs = [stream(kernel, code, line_count) for _ in range(5 if byte_count <= 1e6 else 1)]
        failed = next((run["error"] for run in runs if "error" in run), None)
        if failed:
            return dict(error="%d bytes: %s" % (byte_count, failed))
        seconds = percentile([run["total_s"] for run in runs], 50)
        lost = max(abs(run["lost"]) + run["late"] for run in runs)
        points.append(dict(n=line_count * LINE_BYTES, seconds=seconds, lost=lost))
    return dict(points=points)


def flood(start, snippets, options):
    """Text without end for a client that at first does not read at all, then slowly: memory must stay where it is."""
    kernel = Kernel(start.spec, receive_limit=1)
    try:
        kernel.start(snippets["trivial"])
        block_bytes = 1000 * LINE_BYTES
        count = max(1, options.flood // block_bytes)
        server = embedded_server(start.spec.env.get("RSERVER_DATA_DIR") or options.data_directory)
        pids = dict(kernel=kernel.process.pid, server=server)
        before = {name: resident_mib(pid) for name, pid in pids.items() if pid}
        with MemoryWatch(pids) as watch:
            code = snippets["flood"].replace("{N}", str(count))
            received = read_slowly(kernel, kernel.execute(code, store=False), options.nap)
        grown = {name: max(samples) - before[name] for name, samples in watch.samples.items()}
        return dict(
            received,
            bytes=count * block_bytes,
            lost=count * 1000 - received["lines"],
            before_mib=before,
            kernel_grown_mib=grown.get("kernel"),
            server_grown_mib=grown.get("server"),
            samples_mib={name: [round(x) for x in samples] for name, samples in watch.samples.items()},
        )
    finally:
        kernel.shutdown(10)


def read_slowly(kernel, cell, nap_s):
    """Nothing for some seconds, then 25 MB/s for as long, then as fast as this client can."""
    wanted = cell.encode()
    started_at = time.perf_counter()
    time.sleep(nap_s)
    slow_from, received = time.perf_counter(), 0
    lines, tail, replied, is_idle = 0, "", None, False
    while (replied is None or not is_idle) and time.perf_counter() < started_at + SECONDS_LIMIT:
        for one, frames in kernel.ready_frames(500):
            at = frames.index(DELIMITER)
            if wanted not in frames[at + 3]:
                continue
            content = json.loads(frames[at + 5])
            if kernel.channel_of[one] == "shell":
                replied = content.get("status")
            elif "text" in content:
                text = tail + content["text"]
                lines += text.count(LINE)
                tail = text[text.rfind("\n") + 1 :]
                received += len(content["text"])
                due_s = received / 25e6
                if due_s < nap_s:
                    time.sleep(max(0, slow_from + due_s - time.perf_counter()))
            elif content.get("execution_state") == "idle":
                is_idle = True
    return dict(lines=lines, status=replied, is_idle=is_idle, seconds=time.perf_counter() - started_at)
