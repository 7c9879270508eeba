"""Turns per second beside two durable queues on the same server: `make bench-peers`.

`dbos_workflow` and `procrastinate_job` are programs of .venv-peers and import nothing of this project's.
"""
