"""What an organization of a known trade begins with, as data: hours, agents, and what to write down first."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from shared.tenants.configuration.departments import WEEKDAYS

_WORKDAYS: Final = WEEKDAYS[:5]
_WEEKLY: Final[dict[str, Any]] = {"triggers": [{"type": "scheduled", "cron": "0 6 * * MON"}, {"type": "manual"}]}
_ANSWERS: Final[dict[str, Any]] = {"triggers": [{"type": "webhook"}], "message_limit": 600}


@dataclass(frozen=True, slots=True)
class Template:
    """A trade's beginning. `agents` are (type, name, configuration); `headings` are titles of knowledge to write."""

    department: dict[str, Any]
    agents: tuple[tuple[str, str, dict[str, Any]], ...]
    headings: tuple[str, ...]


def _hours(workdays: list[str], saturday: list[str], sunday: list[str]) -> dict[str, list[str]]:
    days = dict.fromkeys(_WORKDAYS, workdays)
    return {**days, WEEKDAYS[5]: saturday, WEEKDAYS[6]: sunday}


_AGENTS: Final = (
    ("whatsapp_responder", "Atendente do WhatsApp", _ANSWERS),
    ("faq_builder", "Perguntas frequentes", _WEEKLY),
)

TEMPLATES: Final[Mapping[str, Template]] = MappingProxyType(
    {
        "fashion": Template(
            department={
                "opening_hours": _hours(["09:00-18:00"], ["09:00-14:00"], []),
                "handoff_target_minutes": 30,
            },
            agents=_AGENTS,
            headings=("Trocas e devoluções", "Tabela de medidas", "Prazos e frete", "Formas de pagamento", "Lojas"),
        ),
        "food": Template(
            department={
                "opening_hours": _hours(["11:00-15:00", "18:00-23:00"], ["11:00-23:00"], ["11:00-22:00"]),
                "open_on_holidays": True,
                "handoff_target_minutes": 10,
            },
            agents=_AGENTS,
            headings=("Cardápio e preços", "Taxa e área de entrega", "Alergênicos", "Encomendas", "Pagamento"),
        ),
        "services": Template(
            department={
                "opening_hours": _hours(["08:00-12:00", "13:00-18:00"], [], []),
                "handoff_target_minutes": 60,
                "handoff_return_minutes": 1440,
            },
            agents=_AGENTS,
            headings=(
                "Serviços e preços",
                "Agendamento e cancelamento",
                "Área de atendimento",
                "Garantia",
                "Pagamento",
            ),
        ),
    }
)
