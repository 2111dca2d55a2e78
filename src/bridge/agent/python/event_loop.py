"""Runs a cell that awaits at top level to its end."""
import re
import sys

# A cell that speaks of these needs a loop that runs, though it awaits nothing.
_NEEDS_LOOP = re.compile(r"\b(create_task|ensure_future|get_running_loop|TaskGroup)\b")
# One that starts a loop cannot do so inside another.
_STARTS_LOOP = re.compile(r"\basyncio\.run\(|\brun_until_complete\(|\brun_forever\(")
# How often a turn looks for tasks that other tasks have made ready.
_TURNS = 5


def wants_running_loop(source):
    return _NEEDS_LOOP.search(source) is not None and _STARTS_LOOP.search(source) is None


class CellLoop:
    """One event loop for all cells, so that what a cell has opened can be awaited in a later one."""

    def __init__(self):
        self._loop = None
        self.interrupted = False

    def run(self, coroutine):
        """The coroutine's value. An interrupt cancels it, so that the user's `finally` parts run.

        A loop may run around us (a genuine server's session is itself a Jupyter kernel): it stands aside.
        """
        import asyncio

        around = asyncio._get_running_loop()
        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            if around is None:
                asyncio.set_event_loop(self._loop)
        asyncio._set_running_loop(None)
        task = self._loop.create_task(coroutine)
        try:
            return self._loop.run_until_complete(task)
        except KeyboardInterrupt:
            self.interrupted = True
            if task.done():
                # It came while the coroutine itself ran, which ended by it; asyncio would wait for ever now.
                return task.result()
            task.cancel()
            return self._loop.run_until_complete(task)
        finally:
            asyncio._set_running_loop(around)

    def turn(self):
        """Lets the tasks that cells have left behind do what they can do without waiting."""
        loop = self._loop
        if loop is None or loop.is_closed() or loop.is_running():
            return
        asyncio = sys.modules["asyncio"]
        all_tasks = getattr(asyncio, "all_tasks", None) or asyncio.Task.all_tasks
        if not all_tasks(loop):
            return
        around = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            for _ in range(_TURNS):
                loop.call_soon(loop.stop)
                loop.run_forever()
        finally:
            asyncio._set_running_loop(around)


cell_loop = CellLoop()
