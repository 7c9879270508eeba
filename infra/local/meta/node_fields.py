"""The Graph API's `fields`: `id,from,messages.limit(5){id,message}` as a tree, and what of a node it asks for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.local.meta.graph_errors import GraphError

_TOKEN = re.compile(r"\s*([a-z_0-9]+|[(){},.])\s*")
_LONGEST = 2000
_USUAL_LIMIT = 25


@dataclass(slots=True)
class Wanted:
    """The fields of one node, and of an edge how many elements."""

    fields: dict[str, "Wanted"] = field(default_factory=dict)
    limit: int = _USUAL_LIMIT


def read_fields(text: str) -> Wanted:
    """The tree of a `fields` parameter.

    Raises:
        GraphError: 2500, it cannot be read.
    """
    if len(text) > _LONGEST:
        raise GraphError(2500, message="Syntax error: the fields are too long")
    tokens: list[str] = []
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _syntax(text[place])
        tokens.append(found[1])
        place = found.end()
    wanted = _read(tokens)
    if tokens:
        raise _syntax(tokens[0])
    return wanted


def select(node: Mapping[str, Any], wanted: Wanted, *, kind: str) -> dict[str, Any]:
    """The fields asked for, and the id, which comes always; an unknown one is refused, an empty one is left out.

    Raises:
        GraphError: 100, there is no such field on a node of this kind.
    """
    chosen: dict[str, Any] = {}
    for name, inner in wanted.fields.items():
        if name not in node:
            raise GraphError(100, message=f"Tried accessing nonexisting field ({name}) on node type ({kind})")
        if node[name] is not None:
            chosen[name] = _inside(node[name], inner, kind=name)
    if "id" in node:
        chosen["id"] = node["id"]
    return chosen


def _inside(value: Any, wanted: Wanted, *, kind: str) -> Any:
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        some = value["data"][: wanted.limit]
        return {**value, "data": [_inside(each, wanted, kind=kind) for each in some]}
    if isinstance(value, dict) and wanted.fields:
        return select(value, wanted, kind=kind)
    return value


def _read(tokens: list[str]) -> Wanted:
    wanted = Wanted()
    while tokens and tokens[0] != "}":
        name = tokens.pop(0)
        if not name[0].isalnum() and name[0] != "_":
            raise _syntax(name)
        inner = wanted.fields.setdefault(name, Wanted())
        while tokens and tokens[0] == ".":
            _read_modifier(tokens, inner)
        if tokens and tokens[0] == "{":
            tokens.pop(0)
            inner.fields = _read(tokens).fields
            _expect(tokens, "}")
        if tokens and tokens[0] != "}":
            _expect(tokens, ",")
    return wanted


def _read_modifier(tokens: list[str], wanted: Wanted) -> None:
    _expect(tokens, ".")
    name = tokens.pop(0) if tokens else ""
    _expect(tokens, "(")
    value = tokens.pop(0) if tokens else ""
    _expect(tokens, ")")
    if name != "limit" or not value.isdigit():
        raise _syntax(name)
    wanted.limit = int(value)


def _expect(tokens: list[str], sign: str) -> None:
    if not tokens or tokens.pop(0) != sign:
        raise _syntax(sign)


def _syntax(sign: str) -> GraphError:
    return GraphError(2500, message=f'Syntax error "Expected name or end of string." near "{sign[:20]}".')
