"""DBOS: a turn as a workflow of three steps (context, answer, send), waiting in a queue; each step only returns.

Program of .venv-peers: prints {"version", "turns", "seconds"} as JSON. Fair settings: no limit in the queue but the
executor's threads, so that one poll takes all that waits; polled each 10 ms instead of each second.
"""

import argparse
import json
import sys
import time
from importlib.metadata import version

from dbos import DBOS, DBOSConfig

QUEUE = "turns"
_began: list[float] = []  # when the first turn began


@DBOS.step()
def read_context(number: int) -> str:
    """Stand for reading the conversation."""
    return f"question {number}"


@DBOS.step()
def answer(question: str) -> str:
    """Stand for a model that answers at once."""
    return f"answer to {question}"


@DBOS.step()
def send(reply: str) -> int:
    """Stand for a provider that accepts at once."""
    return len(reply)


@DBOS.workflow()
def turn(number: int) -> int:
    """Answer one conversation."""
    if not _began:
        _began.append(time.perf_counter())
    return send(answer(read_context(number)))


def main() -> None:
    """Fill the queue while nobody listens to it, then work until it is empty."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True)
    parser.add_argument("--turns", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    DBOS(
        config=DBOSConfig(
            name="turns",
            system_database_url=options.url,
            sys_db_pool_size=options.threads + 4,  # one for each executor thread, the others for DBOS's own threads
            max_executor_threads=options.threads,
            log_level="ERROR",
        )
    )
    DBOS.launch()
    for number in range(options.turns):
        DBOS.enqueue_workflow(QUEUE, turn, number)
    DBOS.register_queue(QUEUE, polling_interval_sec=0.01)
    while DBOS.list_workflows(queue_name=QUEUE, status=["ENQUEUED", "PENDING"], limit=1):
        time.sleep(0.02)
    seconds = time.perf_counter() - _began[0]
    sys.stdout.write(json.dumps({"version": version("dbos"), "turns": options.turns, "seconds": seconds}))
    DBOS.destroy()


if __name__ == "__main__":
    main()
