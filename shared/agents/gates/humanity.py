"""Gate "humanity" (version 1): an automatic reply never says that a person writes it."""

import re
from typing import Final

from shared.agents.gates.models import Draft, Objection

_MACHINE: Final = (
    r"(?:robo|bot|chatbot|maquina|ia|i\.a\.|inteligencia artificial|assistente virtual|programa"
    r"|sistema automatico|automatic[oa]|robot|machine|ai|a\.i\."
    r"|artificial intelligence|virtual assistant|computer|maquina|inteligencia|asistente virtual|resposta automatica)"
)
_HUMAN: Final = (
    r"(?:human[oa]|pessoa (?:real|de verdade|humana|de carne e osso|mesmo|normal)|gente de verdade"
    r"|de carne e osso|atendente human[oa]|ser humano|real person|human(?: being)?"
    r"|real human|persona real|persona de verdad|human[oa] de verdade|uma pessoa(?=[.,!?]|$)|a person(?=[.,!?]|$)"
    r"|una persona(?=[.,!?]|$))"
)
_CLAIM: Final = re.compile(
    rf"\b(?:sou|eu sou|soy|i am|i'm|im|somos) (?:(?:um|uma|o|a|an|un|una|sim|mesmo|realmente|really|actually"
    rf"|totalmente|100%|so|just) ){{0,3}}{_HUMAN}"
    rf"|\b(?:nao (?:sou|e|estou|ha)|no soy|i am not|i'm not|not|nem|aqui nao e|nao esta falando com|nao e)(?: um"
    rf"| uma| a| an| un| nenhum[a]?)? {_MACHINE}\b"
    rf"|\b(?:voce|vc|you|usted) (?:esta|ta|are|esta) (?:falando|conversando|talking|speaking|chatting"
    rf"|hablando) (?:com|to|with|con) (?:um|uma|a|an|un|una) {_HUMAN}"
    rf"|\b(?:aqui|quem (?:fala|escreve)|this) (?:e|is) (?:um|uma|a|an) {_HUMAN}"
    r"|\b(?:eu )?(?:almocei|jantei|acordei|dormi|nasci|moro|meus filhos|minha esposa|meu marido|trabalho aqui ha)\b"
)


def check_humanity(draft: Draft) -> Objection | None:
    """Objects to a claim of being a person, or of not being a machine."""
    match = _CLAIM.search(draft.folded)
    return Objection("claims_human", match[0]) if match else None
