"""What the Cloud API accepts as an interactive message and as a template; see shapes.py.

Cloud API reference, "Interactive object": a body of at most 1024 characters (4096 with a list), 1 to 3 buttons of 20, a
list of 10 rows in all; "Template object": components of header, body and buttons, each with its parameters.
"""

from collections.abc import Callable, Mapping
from typing import Any

from infra.local.meta.graph_errors import GraphError, missing_parameter, wrong_parameter

_LONGEST_BODY = 1024
_LONGEST_LIST_BODY = 4096
_LONGEST_TITLE = 20
_LONGEST_ROW_TITLE = 24
_LONGEST_ROW_ID = 200
_LONGEST_BUTTON_ID = 256
_LONGEST_DESCRIPTION = 72
_MOST_BUTTONS = 3
_MOST_ROWS = 10
_OTHER_KINDS = ("cta_url", "flow", "product", "product_list", "location_request_message", "address_message")
_COMPONENTS = frozenset({"header", "body", "button", "footer", "carousel", "limited_time_offer", "order_status"})


def interactive(content: Any) -> str:
    """The text of an interactive message.

    Raises:
        GraphError: as Meta would refuse it.
    """
    kind = content.get("type") if isinstance(content, dict) else None
    kinds = {"button", "list", *_OTHER_KINDS}
    if kind not in kinds:
        raise wrong_parameter("interactive['type']", f"must be one of {{{', '.join(sorted(kinds))}}}")
    longest = _LONGEST_LIST_BODY if kind == "list" else _LONGEST_BODY
    text = text_field(content.get("body"), "text", name="interactive['body']['text']", longest=longest)
    action = content.get("action")
    if not isinstance(action, dict):
        raise missing_parameter("interactive['action']")
    if kind in _CHECKS:
        _CHECKS[kind](action)
    return text


def template(content: Any) -> str:
    """A word for the template, as its text is not known here.

    Raises:
        GraphError: as Meta would refuse it.
    """
    name = text_field(content, "name", name="template['name']", longest=512)
    language = content.get("language")
    if not isinstance(language, dict) or not isinstance(language.get("code"), str):
        raise missing_parameter("template['language']['code']")
    components = content.get("components", [])
    if not isinstance(components, list):
        raise wrong_parameter("template['components']", "must be an array")
    for component in components:
        _check_component(component)
    return f"[template {name}]"


def body_parameters(content: Mapping[str, Any]) -> int:
    """How many parameters a checked template's body is given."""
    found = [part for part in content.get("components", []) if str(part["type"]).lower() == "body"]
    return sum(len(part.get("parameters", [])) for part in found)


def text_field(content: Any, key: str, *, name: str, longest: int) -> str:
    """A text that has to be there.

    Raises:
        GraphError: it is missing, empty, no text or too long.
    """
    value = content.get(key) if isinstance(content, dict) else None
    if value is None or value == "":
        raise missing_parameter(name)
    if not isinstance(value, str):
        raise wrong_parameter(name, "must be a string")
    if len(value) > longest:
        raise wrong_parameter(name, f"must be at most {longest} characters long")
    return value


def _buttons(action: Mapping[str, Any]) -> None:
    buttons = action.get("buttons")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= _MOST_BUTTONS:
        raise GraphError(131009, details=f"a message has 1 to {_MOST_BUTTONS} reply buttons")
    replies = [button.get("reply") if isinstance(button, dict) else None for button in buttons]
    for reply in replies:
        text_field(reply, "title", name="button['reply']['title']", longest=_LONGEST_TITLE)
        text_field(reply, "id", name="button['reply']['id']", longest=_LONGEST_BUTTON_ID)
    _require_different([reply["id"] for reply in replies if reply], "button ids")


def _list(action: Mapping[str, Any]) -> None:
    text_field(action, "button", name="action['button']", longest=_LONGEST_TITLE)
    sections = action.get("sections")
    if not isinstance(sections, list) or not 1 <= len(sections) <= _MOST_ROWS:
        raise GraphError(131009, details=f"a list has 1 to {_MOST_ROWS} sections")
    rows = []
    for section in sections:
        if not isinstance(section, dict) or not isinstance(section.get("rows"), list) or not section["rows"]:
            raise missing_parameter("section['rows']")
        if len(sections) > 1:
            text_field(section, "title", name="section['title']", longest=_LONGEST_ROW_TITLE)
        rows += section["rows"]
    if len(rows) > _MOST_ROWS:
        raise GraphError(131009, details=f"a list has at most {_MOST_ROWS} rows in all")
    for row in rows:
        text_field(row, "title", name="row['title']", longest=_LONGEST_ROW_TITLE)
        text_field(row, "id", name="row['id']", longest=_LONGEST_ROW_ID)
        if row.get("description"):
            text_field(row, "description", name="row['description']", longest=_LONGEST_DESCRIPTION)
    _require_different([row["id"] for row in rows], "row ids")


def _require_different(ids: list[str], what: str) -> None:
    if len(set(ids)) != len(ids):
        raise GraphError(131009, details=f"{what} must be different from each other")


def _check_component(component: object) -> None:
    kind = component.get("type") if isinstance(component, dict) else None
    if not isinstance(component, dict) or not isinstance(kind, str) or kind.lower() not in _COMPONENTS:
        raise wrong_parameter("template['components']['type']", f"must be one of {sorted(_COMPONENTS)}")
    parameters = component.get("parameters", [])
    if not isinstance(parameters, list) or not all(isinstance(one, dict) and "type" in one for one in parameters):
        raise wrong_parameter("template['components']['parameters']", "must be an array of objects with a type")
    if kind.lower() == "button" and ("sub_type" not in component or "index" not in component):
        raise missing_parameter("template['components']['sub_type']")
    for parameter in parameters:
        if parameter["type"] == "text":
            text_field(parameter, "text", name="parameter['text']", longest=32_768)


_CHECKS: dict[str, Callable[[Mapping[str, Any]], None]] = {"button": _buttons, "list": _list}
