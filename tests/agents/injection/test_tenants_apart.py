"""X6: two organizations with the same words, asked the same, answer each from its own rows and by its own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.agent_execution.responding import knowledge_responder
from shared.agents.responder import Answer, Turn
from shared.agents.turns import run_turn
from shared.knowledge.importing import import_folder
from tests.support.answers import ScriptedResponder, ScriptedSender
from tests.support.conversations import TIMES, Scene, scene_in

if TYPE_CHECKING:
    from pathlib import Path

    from shared.agents.responder import Responder
    from tests.support.database import Database

_ARTICLE = "# Site\n\nNosso site é padaria-aurora.example e a loja abre às 7h.\n"
_ANSWER = "Nosso site é padaria-aurora.example e a loja abre às 7h."


def asked(scene: Scene, responder: Responder) -> list[str]:
    scene.says("qual o site?")
    sender = ScriptedSender()
    run_turn(
        scene.application,
        organization_id=scene.organization_id,
        conversation_id=scene.conversation_id,
        responder=responder,
        sender=sender,
        times=TIMES,
    )
    return sender.texts


def test_the_same_question_over_the_same_text_is_answered_from_each_ones_own_rows(
    shared_database: Database, tmp_path: Path
) -> None:
    """X6: retrieval under row security, one process, one responder for both."""
    (tmp_path / "site.md").write_text(_ARTICLE, encoding="utf-8")
    with scene_in(shared_database) as one, scene_in(shared_database) as other:
        responder = knowledge_responder(one.application)
        used = []
        for scene in (one, other):
            import_folder(scene.application, scene.organization_id, tmp_path)
        for scene in (one, other, one):
            scene.customer = str(int(scene.customer) + 1)
            assert asked(scene, responder) == [_ANSWER]
            used.append(
                scene.rows(
                    "SELECT k.id::text FROM platform.knowledge_chunks k WHERE k.id::text IN ("
                    " SELECT jsonb_array_elements_text(e.output_data -> 'used') FROM departments.agent_executions e)"
                )
            )
        assert all(len(ids) == 1 for ids in used)
        assert used[0] == used[2] != used[1]


def test_what_one_organization_allows_is_not_allowed_to_the_other(shared_database: Database) -> None:
    """X6: what the gates keep of a text they have read holds no verdict."""

    def link(_: Turn) -> Answer:
        return Answer(text="Nosso site é padaria-aurora.example, pode olhar.", model="a:b")

    with scene_in(shared_database) as one, scene_in(shared_database) as other:
        one.execute('UPDATE departments.agents SET configuration = \'{"allowed_links": ["padaria-aurora.example"]}\'')
        assert asked(one, ScriptedResponder(link)) == ["Nosso site é padaria-aurora.example, pode olhar."]
        assert "padaria-aurora.example" not in asked(other, ScriptedResponder(link))[0]
