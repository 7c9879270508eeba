"""procrastinate: a turn as one job, waiting in a queue; the job only returns.

Program of .venv-peers: prints {"version", "turns", "seconds"} as JSON. Fair settings: an asynchronous task, as many at
once as the others have threads, a connection for each, and the jobs deferred in batches beforehand.
"""

import argparse
import asyncio
import json
import sys
import time
from importlib.metadata import version

from procrastinate import App, PsycopgConnector


async def measure(url: str, *, turns: int, concurrency: int) -> float:
    """Return the seconds from the first job's begin until the worker found the queue empty."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=concurrency, max_size=concurrency + 2))
    began: list[float] = []

    @app.task(queue="turns", name="turn")
    async def turn(number: int) -> int:
        """Answer one conversation."""
        if not began:
            began.append(time.perf_counter())
        return number

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await turn.batch_defer_async(*({"number": number} for number in range(turns)))
        await app.run_worker_async(queues=["turns"], wait=False, concurrency=concurrency, install_signal_handlers=False)
    return time.perf_counter() - began[0]


def main() -> None:
    """Fill the queue, then work until it is empty."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    seconds = asyncio.run(measure(options.url, turns=options.turns, concurrency=options.threads))
    sys.stdout.write(json.dumps({"version": version("procrastinate"), "turns": options.turns, "seconds": seconds}))


if __name__ == "__main__":
    main()
