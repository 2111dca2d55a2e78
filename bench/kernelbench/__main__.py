"""Jupyter kernels side by side over the wire. Needs pyzmq, and jupyter_client to find kernelspecs.

  python -m kernelbench --kernel ir:r --kernel python3:python --rounds 3 --json out.json --md out.md

Kernels take turns (A B C, A B C, ...); each round starts fresh processes. All are asked by the same raw client.
"""
import argparse
import atexit
import json
import os
import signal
import sys
import time

import zmq

from .presets import PRESETS
from .report import summary, table
from .rounds import NAMES, one_round
from .specs import find
from .wire import reap


def arguments():
    parser = argparse.ArgumentParser(
        prog="kernelbench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--kernel", action="append", required=True, metavar="NAME:PRESET", help=" ".join(PRESETS))
    add("--spec", action="append", default=[], metavar="NAME=DIR", help="take its kernel.json from there")
    add("--stop", action="append", default=[], metavar="NAME=COMMAND", help="ends the server of that kernel")
    add("--data-directory", default=os.environ.get("RSERVER_DATA_DIR"), help="of the embedded server")
    add("--rounds", type=int, default=3)
    add("--only", action="append", default=[], choices=NAMES)
    add("--cells", type=int, default=300, help="of a round trip")
    add("--silent", type=int, default=1000, help="cells of the throughput")
    add("--many", type=int, default=10_000, help="cells of the long notebook")
    add("--lines", type=int, default=100_000)
    add("--largest", type=int, default=100_000_000, help="bytes of the largest output")
    add("--flood", type=int, default=1_000_000_000, help="bytes for a slow client")
    add("--nap", type=float, default=4, help="seconds in which it does not read, and seconds in which it reads slowly")
    add("--ticks", type=int, default=20)
    add("--starts", type=int, default=3, help="cold starts of each kind in a round")
    add("--interrupts", type=int, default=8, help="of each kind in a round")
    add("--json")
    add("--md")
    add("--log", help="the kernels' own stdout and stderr go there")
    add("--verbose", "-v", action="store_true")
    options = parser.parse_args()
    options.spec = pairs(options.spec)
    options.stop = pairs(options.stop)
    return options


def pairs(texts):
    return dict(text.split("=", 1) for text in texts)


def main():
    options = arguments()
    atexit.register(reap)
    signal.signal(signal.SIGTERM, reap)
    # Started in the background it would hand "ignore SIGINT" down to the kernels.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.path.abspath(options.log) if options.log else None
    plan = []
    for text in options.kernel:
        name, _, preset = text.partition(":")
        plan.append((find(name, options.spec, log), preset))
    versions = dict(python=sys.version.split()[0], pyzmq=zmq.__version__, libzmq=zmq.zmq_version())
    data = dict(
        meta=dict(date=time.strftime("%Y-%m-%dT%H:%M:%S%z"), rounds=options.rounds, **versions),
        kernels={spec.name: dict(preset=preset, rounds=[]) for spec, preset in plan},
    )
    for index in range(options.rounds):
        for spec, preset in plan:
            started_at = time.time()
            print("round %d/%d %s" % (index + 1, options.rounds, spec.name), end="", flush=True)
            report = one_round(spec, preset, options)
            report["took_s"] = time.time() - started_at
            data["kernels"][spec.name]["rounds"].append(report)
            save(data, options.json)
            print("  %.1f s%s" % (report["took_s"], " FAILED " + report["failed"] if "failed" in report else ""), flush=True)
    text = table(data)
    print(text)
    if options.md:
        with open(options.md, "w") as file:
            file.write(text)


def save(data, path):
    if not path:
        return
    data["summary"] = {name: summary(kernel["rounds"]) for name, kernel in data["kernels"].items()}
    with open(path + ".tmp", "w") as file:
        json.dump(data, file, indent=1)
    os.replace(path + ".tmp", path)


main()
