"""Runs a cell that awaits at top level to its end."""


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


cell_loop = CellLoop()
