"""Measures of questions about code: completion, inspection, is_complete; idle, and while a cell runs."""
import time

from .processes import percentile
from .wire import Timeout

# A kernel that answers a question only after the cell is asked no more.
HELD_UP_MS = 500


def many(kernel, message_type, content, warm, count, look):
    times, result, missed = [], None, 0
    for index in range(warm + count):
        sent_at = time.perf_counter()
        try:
            result = kernel.timed(kernel.send("shell", message_type, content), sent_at, timeout=3)
        except Timeout:
            missed += 1
            if missed > 5:
                return dict(error="%d requests without reply or idle in 3 s" % missed)
            continue
        if index >= warm:
            times.append(result["ms"])
    return dict(look(result["content"]), missed=missed, p50=percentile(times, 50), p95=percentile(times, 95))


def completion_of(code):
    return "complete_request", dict(code=code, cursor_pos=len(code))


def inspection_of(code):
    return "inspect_request", dict(code=code, cursor_pos=len(code), detail_level=0)


def complete(kernel, snippets, _options):
    return many(
        kernel,
        *completion_of(snippets["complete"]),
        warm=10,
        count=100,
        look=lambda content: dict(matches=len(content.get("matches", []))),
    )


def inspect(kernel, snippets, _options):
    return many(
        kernel,
        *inspection_of(snippets["inspect"]),
        warm=3,
        count=50,
        look=lambda content: dict(found=content.get("found")),
    )


def is_complete(kernel, snippets, _options):
    return many(
        kernel,
        "is_complete_request",
        dict(code=snippets["is_complete"]),
        warm=5,
        count=100,
        look=lambda content: dict(status=content.get("status")),
    )


def while_busy(kernel, snippets, _options):
    """Completion and inspection while a cell computes, and while one sleeps."""
    measured = {}
    for state, cell in (("spin", snippets["spin_for"]), ("sleep", snippets["sleep"])):
        running = kernel.execute(cell.replace("{S}", "3"), store=False)
        kernel.wait(running, need=("busy",))
        time.sleep(0.3)
        ends_at = time.perf_counter() + 2.2
        for name, question in (
            ("complete", completion_of(snippets["complete"])),
            ("inspect", inspection_of(snippets["inspect"])),
        ):
            measured["%s_%s" % (name, state)] = ask_until(kernel, question, ends_at)
        kernel.wait(kernel.execute(snippets["trivial"]), 20)
    return measured


def ask_until(kernel, question, ends_at, count=20):
    times = []
    while len(times) < count and time.perf_counter() < ends_at:
        sent_at = time.perf_counter()
        try:
            message_id = kernel.send("shell", *question)
            times.append((kernel.wait(message_id, 8, need=("reply",))["reply"] - sent_at) * 1e3)
        except Timeout:
            return dict(error="no answer in 8 s")
        if times[-1] > HELD_UP_MS:
            break
        time.sleep(0.03)
    if not times:
        return dict(held_up=True)  # by the question before, until the cell was over
    return dict(p50=percentile(times, 50), p95=percentile(times, 95), n=len(times))
