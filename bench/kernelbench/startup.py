"""Cold starts: to kernel_info and to the end of a first cell; ours with its server up, and with nothing running."""
import subprocess
import time

from .processes import percentile

# After a session was handed out the server starts its successor: that is not to be in the way of the next start.
SETTLE_S = 2.5


def startup(start, snippets, options):
    stop = options.stop.get(start.spec.name)
    if stop is None:
        return both(start, snippets, options.starts, lambda: None)
    nothing = both(start, snippets, options.starts, lambda: stop_server(stop))
    up = both(start, snippets, options.starts, lambda: time.sleep(SETTLE_S))
    return dict(
        info_ms=up["info_ms"],
        first_ms=up["first_ms"],
        nothing_info_ms=nothing["info_ms"],
        nothing_first_ms=nothing["first_ms"],
    )


def both(start, snippets, count, prepare):
    """The medians of some starts."""
    infos, firsts = [], []
    for _ in range(count):
        prepare()
        kernel = start()
        times = kernel.start(snippets["trivial"])
        kernel.shutdown(5)
        infos.append(times["info_ms"])
        firsts.append(times["first_exec_ms"])
    return dict(info_ms=percentile(infos, 50), first_ms=percentile(firsts, 50))


def stop_server(command):
    subprocess.run(command, shell=True, stdout=subprocess.DEVNULL, check=True)
