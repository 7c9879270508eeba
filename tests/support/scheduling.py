"""The order of a run's files: long ones first, so that no worker is left with one at the end while the other waits."""

from __future__ import annotations

from xdist.scheduler.loadfile import LoadFileScheduling

# Four seconds and more, the longest first; the others follow as they are collected. A file that is missing here costs
# at most its own length at the end of a run.
LONG = (
    "tests/cli/test_installation.py",
    "tests/chaos/test_crash_points.py",
    "tests/cli/test_demo.py",
    "tests/chaos/test_soak.py",
    "tests/infra/local/test_stack_endings.py",
    "tests/cli/test_connection.py",
    "tests/cli/test_up.py",
    "tests/migrations/test_run.py",
    "tests/functions/webhook_intake/test_limits.py",
    "tests/functions/webhook_intake/test_bad_values.py",
    "tests/chaos/test_database_crashes.py",
    "tests/infra/test_package.py",
    "tests/infra/local/test_task_dispatch.py",
    "tests/functions/webhook_intake/test_outage.py",
    "tests/knowledge/test_retrieval_tenants.py",
    "tests/functions/agent_execution/test_main.py",
    "tests/infra/local/test_meta_faults.py",
    "tests/infra/local/test_gateway.py",
    "tests/platform/test_database_faults.py",
    "tests/functions/media_transfer/test_crashes.py",
    "tests/functions/media_transfer/test_main.py",
    "tests/functions/webhook_intake/test_stored_cases.py",
    "tests/media/test_checks.py",
    "tests/channels/test_echoes.py",
    "tests/tenancy/test_pool.py",
)
# Files for one worker, one after the other, because they share what takes long to start (a fixture of the session).
TOGETHER = {
    "tests/journeys/test_whatsapp.py": "tests/cli/test_installation.py",
    "tests/journeys/test_media.py": "tests/cli/test_installation.py",
    "tests/journeys/test_models.py": "tests/cli/test_installation.py",
    "tests/journeys/test_page_channels.py": "tests/cli/test_installation.py",
}


def turn_of(nodeid: str) -> int:
    """The place of a test's file in the order; smaller is earlier."""
    unit = unit_of(nodeid)
    return LONG.index(unit) if unit in LONG else len(LONG)


def unit_of(nodeid: str) -> str:
    """The file of a test, or the one that it goes with."""
    file = nodeid.split("::", 1)[0]
    return TOGETHER.get(file, file)


class InOurOrder(LoadFileScheduling):  # type: ignore[misc] # xdist's own classes are not typed for others
    """`--dist loadfile` in the order of the collection; xdist would begin with the files that have most tests."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def schedule(self) -> None:
        """Distribute the tests."""
        self.config.option.loadscopereorder = False
        super().schedule()
