"""Interrupts: from the request to reply and idle, many times in one kernel, and whether the state is kept."""
import time

from .processes import percentile
from .wire import Dead, Timeout

CASES = ("sleep", "spin", "subprocess")
# So long the cell has run when it is interrupted; the pause after it lets kernels abort what they will.
RUNNING_S = 0.3
PAUSE_S = 0.15


def interrupts(start, snippets, options):
    """A kernel of its own for each case: some do not survive."""
    measured = {}
    for case in CASES:
        kernel = start()
        try:
            kernel.start(snippets["trivial"])
            measured[case] = interrupt_often(kernel, snippets, case, options.interrupts)
        except (Timeout, Dead) as error:
            measured[case] = dict(error=str(error))
        finally:
            kernel.shutdown(3)
    return measured


def interrupt_often(kernel, snippets, case, count):
    code = snippets[case].replace("{S}", "30")
    times, statuses, is_state_kept = [], set(), True
    for _ in range(count):
        kernel.wait(kernel.execute(snippets["state_set"]), 20)
        cell = kernel.execute(code)
        kernel.wait(cell, 20, need=("busy",))
        try:
            early = kernel.wait(cell, RUNNING_S, need=("reply",))
            return dict(error="the cell ended before the interrupt: %s" % early["content"].get("status"))
        except Timeout:
            pass
        sent_at = time.perf_counter()
        kernel.interrupt()
        result = kernel.timed(cell, sent_at, timeout=8)
        statuses.add(result["content"].get("status"))
        times.append(result["ms"])
        time.sleep(PAUSE_S)
        state = kernel.wait(kernel.execute(snippets["state_get"]), 20)
        shown = [content for _, _, kind, content in state["outputs"] if kind != "execute_input"]
        is_state_kept = is_state_kept and any(b"12345" in content for content in shown)
    return dict(
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        state_survives=is_state_kept,
        statuses=sorted(statuses),
        samples=[round(x, 3) for x in times],
    )
