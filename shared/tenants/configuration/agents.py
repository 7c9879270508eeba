"""The settings of each agent type, and of its models; a version's rows stay readable as long as it is named here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import StringConstraints

from shared.tenants.configuration.fields import Settings, setting
from shared.tenants.configuration.triggers import MOST_TRIGGERS, Trigger

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
# shared/agents/gates/links.py reads these: a host, "*." before it for all below it too, or an address with a path
_Link = Annotated[
    str, StringConstraints(pattern=r"^(\*\.|https?://)?[A-Za-z0-9.-]+\.[A-Za-z]{2,}(/\S*)?$", max_length=500)
]


class AgentSettings(Settings):
    """What every agent has."""

    version: Literal[1] = setting(1, en="1, the version of these settings", pt="1, a versão destas configurações")
    triggers: tuple[Trigger, ...] = setting(
        (),
        en=f"a list of at most {MOST_TRIGGERS} triggers, each with its type: scheduled, manual, event or webhook",
        pt=f"uma lista de até {MOST_TRIGGERS} gatilhos, cada um com seu tipo: scheduled, manual, event ou webhook",
        max_length=MOST_TRIGGERS,
        strict=False,  # JSON has lists
    )


class ResponderSettings(AgentSettings):
    """An agent that answers a channel's messages."""

    message_limit: int | None = setting(
        None,
        en="a whole number of characters, 20 to 4096",
        pt="um número inteiro de caracteres, de 20 a 4096",
        ge=20,
        le=4096,
    )
    show_seen: bool = setting(default=True, en="true or false", pt="true ou false")
    loop_guard: bool = setting(default=True, en="true or false", pt="true ou false")
    allowed_links: tuple[_Link, ...] = setting(
        (),
        en='a list of at most 100 hosts, with a path where that narrows it, such as "loja.exemplo.com.br/cardapio"',
        pt='uma lista de até 100 domínios, com caminho para restringir, como "loja.exemplo.com.br/cardapio"',
        max_length=100,
        strict=False,
    )
    disclosure: bool | Annotated[_Text, StringConstraints(max_length=300)] | None = setting(
        None,
        en="true or false, the organization's own sentence (at most 300 characters), or null for the channel's rule",
        pt="true ou false, a frase da própria organização (até 300 caracteres), ou null para a regra do canal",
    )
    catalogue: dict[str, Any] | list[Any] | None = setting(
        None,
        en="prices and terms that replies may name, as an object or a list of at most 1000 entries",
        pt="preços e condições que as respostas podem citar, como objeto ou lista de até 1000 itens",
    )


class FaqBuilderSettings(AgentSettings):
    """An agent that drafts questions and answers from what people wrote."""


class SocialMediaSettings(AgentSettings):
    """An agent that drafts posts."""


class ModelSettings(Settings):
    """Which language models an agent uses, and how: the seed's keys."""

    primary_model: _Text | None = setting(
        None,
        en='a model such as "gpt-4.1-mini" or "anthropic:NAME"',
        pt='um modelo como "gpt-4.1-mini" ou "anthropic:NOME"',
        max_length=200,
    )
    fallback_model: _Text | None = setting(
        None, en="another model, or null for none", pt="outro modelo, ou null para nenhum", max_length=200
    )
    temperature: float = setting(0.7, en="a number, 0 to 2", pt="um número, de 0 a 2", ge=0, le=2, strict=False)
    max_tokens: int = setting(
        1000, en="a whole number, 1 to 32000", pt="um número inteiro, de 1 a 32000", ge=1, le=32000
    )


AGENT_TYPES: Final[Mapping[str, type[AgentSettings]]] = MappingProxyType(
    {
        "whatsapp_responder": ResponderSettings,
        "instagram_responder": ResponderSettings,
        "facebook_responder": ResponderSettings,
        "faq_builder": FaqBuilderSettings,
        "social_media": SocialMediaSettings,
    }
)
RESPONDERS: Final = frozenset(name for name, schema in AGENT_TYPES.items() if schema is ResponderSettings)

EXAMPLES: Final[Mapping[str, dict[str, object]]] = MappingProxyType(
    {
        **{
            name: {
                "version": 1,
                "triggers": [{"type": "webhook"}],
                "message_limit": 600,
                "show_seen": True,
                "allowed_links": ["loja.exemplo.com.br"],
                "disclosure": True,
            }
            for name in sorted(RESPONDERS)
        },
        "faq_builder": {"version": 1, "triggers": [{"type": "scheduled", "cron": "0 6 * * MON"}, {"type": "manual"}]},
        "social_media": {"version": 1, "triggers": []},
    }
)
