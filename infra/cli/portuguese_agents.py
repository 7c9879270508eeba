"""The texts of `departments agent`, `pause` and `resume` in Brazilian Portuguese, by their English."""

AGENTS = {
    "Every organization; needs a login of worker_role.": "Todas as organizações; exige um login de worker_role.",
    "The organization, or where its agent is.": "A organização, ou aquela onde está o agente.",
    "One agent of it, by its id or its type.": "Um agente dela, pelo id ou pelo tipo.",
    "Why, for the audit log.": "Por quê, para o registro de auditoria.",
    "Stop at once what is automatic; people's messages still go out.": (
        "Para na hora tudo o que é automático; mensagens de pessoas continuam saindo."
    ),
    "Let what waits go on after a pause.": "Deixa seguir o que esperava depois de uma pausa.",
    "Nothing changed: it was so already": "Nada mudou: já estava assim",
    "Paused: nothing automatic is sent; people's messages go out": (
        "Pausado: nada automático é enviado; mensagens de pessoas saem"
    ),
    "Resumed: what waits goes on within two minutes": "Retomado: o que espera segue em até dois minutos",
    "The agents of an organization: settings, schedules, runs.": (
        "Os agentes de uma organização: configurações, horários, execuções."
    ),
    "The agent, by its id or its type.": "O agente, pelo id ou pelo tipo.",
    "A setting; model.KEY for one of its models; null for the default.": (
        "Uma configuração; model.CHAVE para uma dos modelos; null para o padrão."
    ),
    "Show the agents, what is wrong with them, and when they ran and run.": (
        "Mostra os agentes, o que há de errado neles, e quando rodaram e rodam."
    ),
    "Change settings of an agent, checked by the schema of its type.": (
        "Altera configurações de um agente, conferidas pelo esquema do tipo."
    ),
    "Ask for a run of an agent now; the next sweep wakes it.": (
        "Pede uma execução de um agente agora; a próxima varredura a acorda."
    ),
    "Print the JSON schema of an agent type's settings.": (
        "Imprime o esquema JSON das configurações de um tipo de agente."
    ),
    "For example faq_builder.": "Por exemplo faq_builder.",
    "Agents": "Agentes",
    "agent": "agente",
    "department": "departamento",
    "last run": "última execução",
    "next run": "próxima execução",
    "runs": "execuções",
    "Changed; the next run is {moment}": "Alterado; a próxima execução é {moment}",
    "Changed": "Alterado",
    "Asked for the run {run}": "Execução pedida: {run}",
    "{key} is not known; did you mean {nearest}?": "{key} não é conhecido; seria {nearest}?",
    "{key} is not known; there are: {takes}": "{key} não é conhecido; existem: {takes}",
    "{key} is missing; it takes {takes}": "{key} está faltando; aceita {takes}",
    "{key} is {value}; it takes {takes}": "{key} é {value}; aceita {takes}",
    "Hours and agents of a trade: fashion, food, services.": "Horários e agentes de um ramo: fashion, food, services.",
    # refusals
    "there is no template {template!r}": "não há modelo {template!r}",
    "use fashion, food or services": "use fashion, food ou services",
    "there is no agent {agent!r}, or there are several of this type": (
        "não há agente {agent!r}, ou há vários desse tipo"
    ),
    "list them: departments agent list --organization {organization}": (
        "liste-os: departments agent list --organization {organization}"
    ),
    "it has to be said what is switched: the platform, or an organization and perhaps its agent": (
        "é preciso dizer o que se desliga: a plataforma, ou uma organização e talvez um agente dela"
    ),
    "use --platform, or --organization with --agent where only one agent is meant": (
        "use --platform, ou --organization com --agent quando for só um agente"
    ),
    "{setting!r} is not a setting": "{setting!r} não é uma configuração",
    "write it as KEY=JSON, such as message_limit=600": "escreva CHAVE=JSON, como message_limit=600",
    "this agent does nothing by itself: {reason}": "este agente não faz nada por si: {reason}",
    "a switch is turned for a reason": "um desligamento precisa de um motivo",
    "say why with --reason": "diga por quê com --reason",
}
