"""The texts of `departments handoff` in Brazilian Portuguese, by their English."""

HANDOFFS = {
    "Also those that are over, newest first.": "Também os encerrados, do mais novo ao mais antigo.",
    "End a conversation that is settled; the customer may be asked how it was.": (
        "Encerra uma conversa resolvida; o cliente pode ser perguntado como foi."
    ),
    "Give a conversation back to the AI, which answers what nobody answered.": (
        "Devolve uma conversa à IA, que responde o que ninguém respondeu."
    ),
    "Hand-overs": "Atendimentos humanos",
    "It used": "Ela usou",
    "Nobody waits for a person.": "Ninguém espera por uma pessoa.",
    "Not answered": "Sem resposta",
    "Not when the customer has written after this message.": "Não, se o cliente escreveu depois desta mensagem.",
    "Resolved.": "Resolvida.",
    "Resolved. The customer is asked how it was.": "Resolvida. Pergunta-se ao cliente como foi.",
    "Show a hand-over: why, what the customer wants, what was tried.": (
        "Mostra um atendimento humano: por quê, o que o cliente quer, o que foi tentado."
    ),
    "Show who waits for a person, and since when.": "Mostra quem espera por uma pessoa, e desde quando.",
    "Take a conversation: whoever comes next is told who has it.": (
        "Assume uma conversa: quem vier depois fica sabendo com quem está."
    ),
    "The AI answered": "A IA respondeu",
    "The AI has it again; messages that it answers now: {count}": (
        "A conversa voltou para a IA; mensagens que ela responde agora: {count}"
    ),
    "The conversations that wait for people.": "As conversas que esperam por pessoas.",
    "The customer wrote": "O cliente escreveu",
    "The hand-over, by its id or its conversation's.": "O atendimento humano, pelo id dele ou pelo da conversa.",
    "The person who does it, a user of the business.": "A pessoa que o faz, um usuário do negócio.",
    "a person": "uma pessoa",
    "conversation": "conversa",
    "customer": "cliente",
    "hand-over": "atendimento",
    "newest message": "última mensagem",
    "nobody was called to {handoff}": "ninguém foi chamado para {handoff}",
    "people do not have this conversation any more": "esta conversa não está mais com pessoas",
    "read what the customer wrote: departments handoff show --handoff {handoff}": (
        "leia o que o cliente escreveu: departments handoff show --handoff {handoff}"
    ),
    "reason": "motivo",
    "see who waits: departments handoff list --organization {organization}": (
        "veja quem espera: departments handoff list --organization {organization}"
    ),
    "see with whom it is: departments handoff show --handoff {handoff}": (
        "veja com quem está: departments handoff show --handoff {handoff}"
    ),
    "somebody else has this conversation": "outra pessoa está com esta conversa",
    "the customer has written again": "o cliente escreveu de novo",
    "the organization has no user {user!r}": "a organização não tem o usuário {user!r}",
    "use a user's id or e-mail address": "use o id ou o e-mail de um usuário",
    "waiting": "espera",
    "with": "com",
    "{days} days": "{days} dias",
    "{hours} h {minutes} min": "{hours} h {minutes} min",
    "{minutes} min": "{minutes} min",
}
