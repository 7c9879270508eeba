"""The texts of `departments faq` in Brazilian Portuguese, by their English."""

FAQ = {
    "Answers are taken from it now: entry {entry}": "As respostas agora saem dele: entrada {entry}",
    "At most so many.": "No máximo esta quantidade.",
    "Draft what customers asked and people answered since the last run.": (
        "Faz rascunhos do que os clientes perguntaram e as pessoas responderam desde a última execução."
    ),
    "Entry {entry} answers now, and {former} no more": "A entrada {entry} responde agora, e {former} não mais",
    "Entry {entry} says so already; nothing was added": "A entrada {entry} já diz isso; nada foi acrescentado",
    "Entry {entry} still answers; the draft is rejected": (
        "A entrada {entry} continua respondendo; o rascunho foi recusado"
    ),
    "Frequently asked questions, drafted from what people answered.": (
        "Perguntas frequentes, em rascunhos do que as pessoas responderam."
    ),
    "Keep the entry that it contradicts, and reject the draft.": (
        "Mantém a entrada que ele contradiz e recusa o rascunho."
    ),
    "List the drafts, the most asked first.": "Lista os rascunhos, os mais perguntados primeiro.",
    "List what customers asked in a month and the knowledge could not answer.": (
        "Lista o que os clientes perguntaram em um mês e o conhecimento não soube responder."
    ),
    "Make a draft an entry that answers are taken from.": "Faz do rascunho uma entrada de onde saem respostas.",
    "Only the newest {turns} turns of the month were read.": (
        "Só foram lidos os {turns} atendimentos mais novos do mês."
    ),
    "Only what was asked in at least so many conversations.": (
        "Somente o que foi perguntado em ao menos tantas conversas."
    ),
    "Reading answers": "Lendo respostas",
    "Reading answers: {count} read": "Lendo respostas: {count} lidas",
    "Refuse a draft: its question makes none again, in no words.": (
        "Recusa um rascunho: a pergunta não gera outro, com palavra nenhuma."
    ),
    "Rejected; this question makes no draft again": "Recusado; esta pergunta não gera outro rascunho",
    "Show a draft, where it comes from, and beside it the answer that it contradicts.": (
        "Mostra um rascunho, de onde vem e, ao lado, a resposta que ele contradiz."
    ),
    "Take the entry that it contradicts out of use.": "Tira de uso a entrada que ele contradiz.",
    "The draft's id, as `departments faq drafts` shows.": "O id do rascunho, como mostra `departments faq drafts`.",
    "The month, in the organization's time.": "O mês, no horário da organização.",
    "There are none.": "Não há nenhum.",
    "answer": "resposta",
    "answered": "respondido",
    "asked": "perguntado",
    "asked as": "perguntado como",
    "change the file and import it, or: {command}": "mude o arquivo e importe-o, ou: {command}",
    "compare them: departments faq show {draft}; then approve with --replace or --keep": (
        "compare: departments faq show {draft}; depois aprove com --replace ou --keep"
    ),
    "choose --replace or --keep": "escolha --replace ou --keep",
    "contradicts": "contradiz",
    "conversation": "conversa",
    "conversations": "conversas",
    "draft": "rascunho",
    "draft, approved, rejected, superseded or stale.": "draft, approved, rejected, superseded ou stale.",
    "it holds for one day": "vale para um dia só",
    "it is one customer's own matter": "é assunto de um cliente só",
    "it was rejected before": "já foi recusado",
    "last asked": "última vez",
    "left out because": "deixado de fora porque",
    "list them: departments faq drafts --organization {organization}": (
        "liste-os: departments faq drafts --organization {organization}"
    ),
    "live now, entry {entry}": "em uso, entrada {entry}",
    "nearest": "mais próximo",
    "nothing was asked": "nada foi perguntado",
    "personal data ({kind})": "dado pessoal ({kind})",
    "question": "pergunta",
    "several questions at once": "várias perguntas de uma vez",
    "the answer is not in words": "a resposta não está em palavras",
    "the answer says nothing by itself": "a resposta não diz nada por si",
    "the answer to this question is written in a file: {reason}": (
        "a resposta a esta pergunta está em um arquivo: {reason}"
    ),
    "the draft {draft} is decided already": "o rascunho {draft} já foi decidido",
    "the draft {draft} contradicts what is live: {reason}": "o rascunho {draft} contradiz o que está em uso: {reason}",
    "the knowledge says so already": "o conhecimento já diz isso",
    "the message was taken back": "a mensagem foi apagada",
    "the organization has no draft {draft}": "a organização não tem o rascunho {draft}",
    "the person asked back": "a pessoa devolveu uma pergunta",
    "the person asked to wait": "a pessoa pediu para esperar",
    "the same text answers different questions": "o mesmo texto responde perguntas diferentes",
    "there is no entry that {draft} contradicts": "não há entrada que {draft} contradiga",
    "this draft": "este rascunho",
    "too long": "longo demais",
    "approve it without --keep, or reject it": "aprove-o sem --keep, ou recuse-o",
    "change the file and import it, or approve with --keep": "mude o arquivo e importe-o, ou aprove com --keep",
    "use one of: {states}": "use um destes: {states}",
    "write it as 2026-12": "escreva como 2026-12",
    "{month!r} is not a month": "{month!r} não é um mês",
    "{read} answers read, {made} drafts made, {superseded} replaced, {stale} out of date": (
        "{read} respostas lidas, {made} rascunhos feitos, {superseded} substituídos, {stale} fora de data"
    ),
    "{state!r} is not a state of drafts": "{state!r} não é um estado de rascunhos",
    "{state}, asked in {count} conversations": "{state}, perguntado em {count} conversas",
    "a draft replaces the live entry or leaves it, not both": (
        "o rascunho substitui a entrada em uso ou a mantém, não ambos"
    ),
}
