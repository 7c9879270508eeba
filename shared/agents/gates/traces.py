"""Gate "traces" (version 1): no JSON, errors, code, tool calls, markup or unfilled places reach a customer."""

import re
from typing import Final

from shared.agents.gates.models import Draft, Objection

_TRACES: Final = {
    "markdown_image": re.compile(r"!\s?\[[^\]\n]{0,200}\]\s?[(\[]|<\s?img\b"),
    "json": re.compile(r"[{\[]\s*[\"'][\w -]{1,60}[\"']\s*:|\[\s?\]|\{\s*\\\"|\[\s*\{\s*[\"']"),
    "traceback": re.compile(
        r"traceback \(most recent|\bfile \"[^\"\n]{1,200}\", line \d+|\bat [\w.$]{3,80}\([\w.]{1,60}:\d+\)"
        r"|\b[a-z][a-z0-9.]{0,40}(?:error|exception)\b\s?[:(]"
    ),
    "error": re.compile(
        r"\b(?:http|status(?: code)?|codigo|error|erro) ?:? ?[45]\d\d\b|\bnonetype\b|\bnull pointer\b"
        r"|\bsegmentation fault\b|\binternal server error\b"
        r"|\b(?:connection|request) (?:refused|timed out|reset)\b|\brate limit exceeded\b|\bsqlstate\b"
    ),
    "tool": re.compile(
        r"\b(?:tool|function)[ _-]?(?:calls?|results?|use|response)\b|<\s?/?\s?(?:tool|function|invoke|antml"
        r"|thinking|scratchpad|parameter)\b"
        r"|\b[a-z]\w{2,40}\((?:[a-z_]{2,30}\s?=|\{|\"|')"
    ),
    "code": re.compile(
        r"```|<\?php|<\s?/?\s?(?:script|iframe|html|div|span|style|a href|svg|object|embed|form|input|link|meta)\b"
        r"|\bselect\b[^\n.;]{1,120}\bfrom\s+[a-z_]+[._][a-z_]+|\bselect \* from\b|\b(?:insert into|drop table"
        r"|delete from|update \w+ set)\b"
    ),
    "prompt": re.compile(
        r"<\|[a-z_]{2,30}\|?>?|\[/?inst\]|<<\s?/?sys\s?>>|<\s?/?\s?(?:system|instructions?|assistant|user"
        r"|knowledge|source|document|context|customer)s?\s?[^>\n]{0,60}>"
        r"|^\s{0,3}#{0,4}\s?(?:system|assistant|user|sistema|usuario|assistente|human"
        r"|developer)\s?(?:prompt)?\s?:|\bsystem ?(?:prompt|message)\s?:"
        r"|\[(?:fonte|source|doc|chunk|trecho|passage|cite|citation)s?[ :_-]?[\w, -]{0,40}\]"
        r"|\u3010[^\u3011]{0,60}\u3011",
        re.MULTILINE,
    ),
    "placeholder": re.compile(
        r"\{\{?\s?[a-z][\w .-]{1,40}\}\}?|\[(?:nome|name|inserir|insert|preencher|your|seu|data|valor|telefone"
        r"|link|empresa|cliente)[^\]\n]{0,40}\](?!\()|<<[a-z][^>\n]{1,40}>>|\$\{"
    ),
    "hidden_text": re.compile(r"<!--|\x1b\[|[\x00-\x08\x0e-\x1f]"),
}


def check_traces(draft: Draft) -> Objection | None:
    """Objects to the first trace of how the reply was made."""
    for code, pattern in _TRACES.items():
        if match := pattern.search(draft.folded):
            return Objection(code, match[0])
    return None
