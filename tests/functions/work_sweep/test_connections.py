"""The sweep looks after connections: what is due is renewed, who must know is told, and both once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions.work_sweep.connections import look_after_connections
from shared.channels.connections import connect_account
from shared.channels.ownership import Proven
from shared.platform.keys import HandedKeys
from shared.platform.settings import KeySettings
from tests.support.conversations import Scene, scene_in
from tests.support.graph_accounts import GraphAccounts, graph_accounts
from tests.support.operators import operator_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.database import Database

TOKEN = "IGAAold" + "x" * 40


class Swept:
    """An organization with a WhatsApp number and an Instagram account, and the provider."""

    def __init__(self, scene: Scene, graph: GraphAccounts, master_key_file: Path) -> None:
        self.scene = scene
        self.graph = graph
        self._master_key_file = master_key_file

    def look(self) -> dict[str, Any]:
        return look_after_connections(
            self.scene.worker,
            open_keys=lambda: HandedKeys(KeySettings(master_key_file=self._master_key_file)),
            provider=self.graph.reader(),
            silent_minutes=30.0,
            warning_days=7.0,
            slices=1,
        )

    def alerts(self) -> list[str]:
        return [row[0] for row in self.scene.rows("SELECT kind FROM integrations.connection_alerts ORDER BY kind")]


@pytest.fixture
def swept(database: Database, tmp_path: Path) -> Iterator[Swept]:
    with scene_in(database) as scene, operator_of(database, tmp_path) as operator, graph_accounts() as graph:
        graph.tokens.add(TOKEN)
        proven = Proven(provider="instagram", account="17841400000000001", name="aurora", login="instagram")
        connect_account(
            scene.application, keys=operator.keys, organization_id=scene.organization_id, proven=proven,
            access_token=TOKEN, expires_at=None,
        )  # fmt: skip
        yield Swept(scene, graph, tmp_path / "master_key.json")


def test_a_quiet_installation_is_left_alone(swept: Swept) -> None:
    quiet = {"tokens_expired": 0, "expiries_announced": 0, "silent_channels": 0, "token_renewals": {}}
    assert swept.look() == quiet
    assert swept.graph.asked == []
    assert swept.alerts() == []


def test_what_is_due_is_done_once(swept: Swept, capsys: pytest.CaptureFixture[str]) -> None:
    """C-21, C-22: a token is renewed, an ending one is announced, a silent channel raises its alarm."""
    scene = swept.scene
    scene.execute(
        "UPDATE integrations.connections SET token_refreshed_at = now() - interval '2 days',"
        " created_at = now() - interval '2 days',"
        " token_expires_at = CASE provider WHEN 'whatsapp' THEN now() + interval '3 days' END"
    )
    scene.says("oi?")
    scene.execute(
        "INSERT INTO platform.outbox (organization_id, conversation_id, connection_id, turn_seq, recipient, payload,"
        " state, accepted_at) VALUES (%s, %s, %s, 1, '5511', '{}', 'accepted', now() + interval '10 minutes')",
        scene.organization_id, scene.conversation_id, scene.tenant.connection_id,
    )  # fmt: skip

    first = swept.look()
    assert first == {
        "tokens_expired": 0, "expiries_announced": 1, "silent_channels": 0, "token_renewals": {"renewed": 1},
    }  # fmt: skip
    scene.execute("UPDATE platform.outbox SET accepted_at = now() - interval '31 minutes'")
    scene.execute("UPDATE integrations.connections SET last_webhook_at = now() - interval '1 hour'"
                  " WHERE provider = 'whatsapp'")  # fmt: skip
    with_superuser = scene.clone.superuser()
    with_superuser.cursor().execute("UPDATE integrations.webhook_events SET created_at = now() - interval '1 hour'")
    with_superuser.close()

    assert swept.look()["silent_channels"] == 1
    assert swept.look()["silent_channels"] == 0

    assert swept.alerts() == ["silent", "token_expiring"]
    assert '"a channel sends and hears nothing"' in capsys.readouterr().out
