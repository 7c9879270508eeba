"""Gate "promises" (version 1): no person is promised, and nothing is said to be done, unless it is so.

A reply may speak of a person who comes when it gives the conversation to people. Nothing else is done by a reply: it
cancels, refunds, books and changes nothing, so it must not say so. A sentence that the sources hold word for word is
the business's own rule.
"""

import re
from typing import Final

from shared.agents.gates.models import Draft, Objection
from shared.agents.gates.reading import compact, sentences_of

_SOMEONE: Final = (
    r"(?:um(?:a)? |o |a |nosso |nossa |meu |minha |algum(?:a)? )?(?:pessoa|atendente|humano|alguem|colega|equipe"
    r"|time|gerente|responsavel"
    r"|vendedor[ae]?|consultor[ae]?|especialista|supervisor[ae]?|suporte|setor|someone|person|human|agent|manager"
    r"|colleague|team(?: member)?|representative|alguien|persona|asesor|equipo)"
)
_PERSON: Final = re.compile(
    rf"\b(?:(?:vou|vamos|irei|ja|acabei de|posso|deixa eu|estou) (?:ja )?(?:chamar|chamei|chamando|acionar"
    rf"|acionei|avisar|avisei|avisando|pedir|pedi|solicitar|solicitei"
    rf"|encaminhar|encaminhei|encaminhando|transferir|transferi|transferindo|passar|passei|passando|direcionar"
    rf"|direcionei|notificar|notifiquei|escalar|escalei)"
    rf"(?! (?:o pedido|a receita|um link|o link))\b[^.!?\n]{{0,60}}?(?:\b{_SOMEONE}\b)"
    rf"|{_SOMEONE}\b[^.!?\n]{{0,40}}? (?:vai|ira|vao|irao|ja vai|ja esta|logo"
    rf"|em breve)\b[^.!?\n]{{0,20}}?\b(?:te |lhe |voce |com voce )?"
    r"(?:retornar?|responder?|atender?|chamar?|ligar?|falar?|entrar? em contato|continuar?|procurar?|contatar?"
    r"|ajudar?|assumir?|indo|vindo|a caminho)"
    rf"|{_SOMEONE}\b[^.!?\n]{{0,30}}? (?:te |lhe |ja )?(?:retorna(?:ra)?|respondera?|atendera?|entrara em contato"
    rf"|entra em contato|ligara|te chama|te liga|te responde)\b"
    r"|(?:entraremos|entramos|vamos entrar) em contato|(?:retornaremos|te retornamos|te retorno|ja te retorno"
    r"|ligaremos|te ligamos|te ligo|ja volto)\b"
    rf"|(?:i will|i'll|i have|i've|let me|i am|i'm) (?:get|call|ask|asked|called|notify|notified|transfer"
    rf"|transferr\w+|connect\w*|forward\w*|escalat\w+)\b[^.!?\n]{{0,40}}?\b{_SOMEONE}\b"
    rf"|{_SOMEONE}\b[^.!?\n]{{0,30}}? (?:will|is going to) (?:call|contact|reply|get back|answer|reach|help|be with)"
    r"|we(?:'ll| will) (?:get back|contact|call|reach out)"
    rf"|(?:voy a|vamos a|ya) (?:llamar|llame|avisar|avise|transferir|pasar|pedir)\b[^.!?\n]{{0,40}}?\b{_SOMEONE}\b"
    rf"|{_SOMEONE}\b[^.!?\n]{{0,30}}? (?:va a|le|te) (?:contactar|contactara|llamar|llamara|responder|respondera"
    rf"|atender))"
)
_DONE: Final = re.compile(
    r"\b(?:(?:ja |acabei de |eu )*(?:cancelei|cancelar|reembolsei|estornei|agendei|reservei|apaguei|exclui"
    r"|deletei|removi|processei|aprovei|liberei|alterei|atualizei"
    r"|enviei|mandei|transferi|cadastrei|registrei|confirmei|anotei|separei|despachei|apliquei|creditei|devolvi"
    r"|gerei|emiti|abri)(?<!cancelar)\b"
    r"|(?:seu|sua|o|a|os|as|seus|suas|todos? os|todas? as) (?:reembolso|estorno|pedido|cadastro|agendamento"
    r"|reserva|cancelamento|credito|desconto|pagamento|devolucao|troca"
    r"|registros?|dados|conversas?|mensagens?|horario|encomenda|pix|boleto|nota)s? (?:ja )?(?:foi|foram|esta"
    r"|estao|fica|ficou)(?: ja)? "
    r"(?:aprovad|feit|realizad|confirmad|cancelad|processad|efetuad|liberad|agendad|reservad|apagad|excluid"
    r"|enviad|emitid|gerad|alterad|concluid|creditad|aplicad|deletad)[oa]s?"
    r"|(?:reembolso|estorno|agendamento|cancelamento|pedido|reserva|pagamento|exclusao"
    r"|transferencia)s? (?:aprovad|realizad|confirmad|cancelad|processad|efetuad|concluid|agendad)[oa]s?"
    r"|i(?:'ve| have)? (?:just |already )?(?:cancell?ed|refunded|booked|deleted|processed|approved|updated|sent"
    r"|reserved|scheduled|changed|registered|applied|issued|removed)\b"
    r"|your (?:refund|order|booking|appointment|payment|account)s? (?:has been|was|is) (?:approved|cancell?ed"
    r"|confirmed|processed|completed|refunded|deleted|issued)"
    r"|(?:ya )?(?:cancele|reembolse|reserve|borre|elimine|envie su|aprobe) |su (?:reembolso|pedido"
    r"|reserva) (?:fue|ha sido|esta) )"
)
_ONLY_ASKED: Final = re.compile(
    r"\b(?:se|caso|quando|depois que|assim que|apos|if|when|once|si|cuando|ate que|enquanto)\b[^,.!?\n]{0,60}$"
)


def check_promises(draft: Draft) -> Objection | None:
    """Objects to a person who does not come, and to a deed that nobody has done."""
    rules: str | None = None
    for sentence in sentences_of(draft.folded):
        for code, pattern in (("person", _PERSON), ("deed", _DONE)):
            if code == "person" and draft.hands_over:
                continue
            match = pattern.search(sentence)
            if match is None or _ONLY_ASKED.search(sentence[: match.start()]):
                continue
            rules = compact(draft.all_grounds) if rules is None else rules
            if compact(sentence) not in rules:
                return Objection(code, match[0])
    return None
