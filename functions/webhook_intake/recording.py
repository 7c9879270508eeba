"""Writes groups of deliveries, so that one which the database refuses does not take others with it."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.channels.deliveries import (
    BurstRules,
    Delivery,
    Recorded,
    Seal,
    Transfer,
    WakeUp,
    as_quarantined,
    record_deliveries,
)
from shared.kit.crash_points import crash_point
from shared.kit.errors import Rejected, Unavailable
from shared.platform.database import Database
from shared.platform.database_errors import StatementFailed
from shared.platform.logs import get_logger
from shared.platform.role_check import check_role

_log = get_logger(__name__)

REFUSED = "the database refused it"


class Written(NamedTuple):
    """What became of a group: for each delivery, in order, None when it is committed and otherwise why not."""

    outcomes: list[Exception | None]
    wake_ups: list[WakeUp | Transfer]


class Recorder:
    """Records groups; threads share it."""

    def __init__(self, database: Database, *, seal: Seal, rules: BurstRules) -> None:
        """Take what it needs."""
        self._database = database
        self._seal = seal
        self._rules = rules

    def write(self, deliveries: Sequence[Delivery]) -> Written:
        """Record the deliveries together; when that is refused, each alone."""
        try:
            check_role(self._database)
            return Written([None] * len(deliveries), self._record(deliveries))
        except Unavailable as unavailable:
            return Written([unavailable] * len(deliveries), [])
        except Rejected as rejected:  # a key that is destroyed or not ours: no delivery's fault, and a person must act
            _log.error("deliveries cannot be sealed", code=rejected.code, reason=rejected.message)
            return Written([Unavailable("deliveries cannot be sealed", retry_after=60)] * len(deliveries), [])
        except Exception as refused:  # noqa: BLE001 - any defect of one delivery must not cost the others
            if len(deliveries) == 1:
                return self._quarantine(deliveries[0], refused)
        alone = [self.write([delivery]) for delivery in deliveries]
        return Written(
            [outcome for written in alone for outcome in written.outcomes],
            [wake_up for written in alone for wake_up in written.wake_ups],
        )

    def _quarantine(self, delivery: Delivery, refused: Exception) -> Written:
        """Store what could not be stored as what it is: whole, with its items unparsed."""
        # what StatementFailed says names constraints and quotes no value
        reason = str(refused) if isinstance(refused, StatementFailed) else ""
        failure = type(refused).__name__
        _log.error("delivery refused by the database", delivery_id=delivery.id, failure=failure, reason=reason)
        try:
            return Written([None], self._record([as_quarantined(delivery, reason=REFUSED)]))
        except Unavailable as unavailable:
            return Written([unavailable], [])
        except Exception as failure:  # noqa: BLE001 - it becomes a 503, and the provider brings it again
            _log.exception("delivery could not be quarantined", delivery_id=delivery.id)
            reason = f"the delivery could not be stored: {type(failure).__name__}"
            return Written([Unavailable(reason, retry_after=60)], [])

    def _record(self, deliveries: Sequence[Delivery]) -> list[WakeUp | Transfer]:
        crash_point("intake-received")
        recorded = record_deliveries(self._database, deliveries, seal=self._seal, rules=self._rules)
        crash_point("intake-committed")
        _report(deliveries, recorded)
        return [*recorded.wake_ups, *recorded.media]


def _report(deliveries: Sequence[Delivery], recorded: Recorded) -> None:
    new, duplicate, unparsed, quarantined = (sum(column) for column in zip(*recorded.counts, strict=True))
    _log.info(
        "deliveries recorded",
        deliveries=len(deliveries),
        new=new,
        duplicate=duplicate,
        unparsed=unparsed,
        quarantined=quarantined,
        wake_ups=len(recorded.wake_ups),
        media=len(recorded.media),
    )
    for delivery, counts in zip(deliveries, recorded.counts, strict=True):
        if counts.unparsed or counts.quarantined or delivery.status == "quarantined":
            _log.warning(
                "delivery not fully understood",
                delivery_id=delivery.id,
                provider=delivery.provider,
                reason=delivery.quarantine_reason,
                unparsed=counts.unparsed,
                quarantined=counts.quarantined,
            )
