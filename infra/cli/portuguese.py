"""The command's texts in Brazilian Portuguese, by their English; a test finds what is missing or no longer said."""

from infra.cli.portuguese_agents import AGENTS
from infra.cli.portuguese_connections import CONNECTIONS
from infra.cli.portuguese_faq import FAQ
from infra.cli.portuguese_handoffs import HANDOFFS
from infra.cli.portuguese_knowledge import KNOWLEDGE

PORTUGUESE = {
    # help
    "Run, feed and look after an AI Departments installation.": (
        "Opera, alimenta e acompanha uma instalação do AI Departments."
    ),
    "Language of the output: en or pt.": "Idioma da saída: en ou pt.",
    "Play a customer's conversation on a system of its own and check every step.": (
        "Encena a conversa de um cliente em um sistema próprio e confere cada passo."
    ),
    "Run the whole system on this machine until it is interrupted.": (
        "Roda o sistema inteiro nesta máquina até ser interrompido."
    ),
    "Create what is missing in a database; safe to repeat.": "Cria o que falta em um banco de dados; repetível.",
    "Show what is stored, waiting or stuck.": "Mostra o que está gravado, esperando ou parado.",
    "Deliver webhooks again: from files, or the quarantined ones of a database.": (
        "Entrega webhooks de novo: de arquivos, ou os que estão em quarentena no banco."
    ),
    "Create an organization with its customer service department and WhatsApp responder.": (
        "Cria uma organização com seu departamento de atendimento e o agente do WhatsApp."
    ),
    "The businesses that use the platform.": "As empresas que usam a plataforma.",
    "What the organizations' agents know.": "O que os agentes das organizações sabem.",
    # options
    "A URL of a login with worker_role; else DATABASE_URL.": "URL de um login com worker_role; senão, DATABASE_URL.",
    "A code of ISO 4217.": "Um código da ISO 4217.",
    "A zone of the tz database.": "Um fuso do banco de dados tz.",
    "An owner's URL; else the Cloud SQL settings.": "URL do dono do banco; senão, as configurações do Cloud SQL.",
    "Deliver what the database holds in quarantine.": "Entrega o que o banco guarda em quarentena.",
    "File that holds the access token and nothing else.": "Arquivo que contém o token de acesso e nada mais.",
    "Folder for everything that lasts; made when it is missing.": (
        "Pasta de tudo o que permanece; criada quando não existe."
    ),
    "For example fashion, food, services.": "Por exemplo moda, alimentação, serviços.",
    "Keep the data here; else a temporary folder is used.": "Guarda os dados aqui; senão, usa uma pasta temporária.",
    "Language and country of its replies.": "Idioma e país das respostas.",
    "List what would be delivered, and stop.": "Lista o que seria entregue, e para.",
    "Meta's id of the number, digits only (not the number itself).": (
        "Identificador do número na Meta, só dígitos (não é o próprio número)."
    ),
    "Name that customers read in replies.": "Nome que os clientes leem nas respostas.",
    "Only for accounts of this organization.": "Somente das contas desta organização.",
    "Only received at or after this (UTC).": "Somente recebidos a partir deste momento (UTC).",
    "Only received before this (UTC).": "Somente recebidos antes deste momento (UTC).",
    "Only this delivery; may be repeated.": "Somente esta entrega; pode ser repetida.",
    "Payload files, posted byte for byte.": "Arquivos de conteúdo, enviados byte a byte.",
    "Port of the gateway; 0 takes a free one.": "Porta do gateway; 0 usa uma livre.",
    "Print data for programs instead of text.": "Imprime dados para programas em vez de texto.",
    "Read the access token from standard input.": "Lê o token de acesso da entrada padrão.",
    "Short unique name: a-z, 0-9 and hyphens.": "Nome curto e único: a-z, 0-9 e hífens.",
    "The file that a running `departments up --ready-file` wrote; else the settings of the environment.": (
        "O arquivo que um `departments up --ready-file` em execução escreveu; senão, as configurações do ambiente."
    ),
    "The organization, by its id or its slug.": "A organização, pelo id ou pelo slug.",
    "The webhook's address; of a local stack it is known from --ready-file.": (
        "Endereço do webhook; o de um sistema local é conhecido pelo --ready-file."
    ),
    "Model of the demo's agent: sandbox, or a name such as openai:gpt-4o.": (
        "Modelo do agente da demonstração: sandbox, ou um nome como openai:gpt-4o."
    ),
    "Version of the embedded PostgreSQL: 18 or 16.": "Versão do PostgreSQL embutido: 18 ou 16.",
    "Whose webhooks the files are, if not as their object says; meta: by the path for all of them.": (
        "De quem são os webhooks dos arquivos, se não como diz seu object; meta: pelo caminho comum a todos."
    ),
    "Write addresses and demo data here, as JSON, once ready.": (
        "Escreve aqui endereços e dados de demonstração, em JSON, quando estiver pronto."
    ),
    "{lang!r} is not a language of this command; use en or pt": "{lang!r} não é um idioma deste comando; use en ou pt",
    # the stack
    "Ready after {seconds:.1f} s": "Pronto após {seconds:.1f} s",
    "gateway (open it)": "gateway (abra no navegador)",
    "sandbox {name}": "simulador {name}",
    "database": "banco de dados",
    "data": "dados",
    "demo {name}": "demonstração {name}",
    "Ctrl-C ends it; started again on the same folder it goes on with all data and waiting tasks.": (
        "Ctrl-C encerra; iniciado de novo na mesma pasta, continua com todos os dados e tarefas pendentes."
    ),
    "Stopping": "Encerrando",
    # migrations
    "{where}: {count} migrations applied in {seconds:.1f} s": "{where}: {count} migrações aplicadas em {seconds:.1f} s",
    "{where}: nothing to do, the schema is that of this version": "{where}: nada a fazer, o esquema é o desta versão",
    "TENANT_CONTEXT_KEY is not set: the keys that sign the tenant context stay as they are": (
        "TENANT_CONTEXT_KEY não está definida: as chaves que assinam o contexto da organização ficam como estão"
    ),
    # status
    "Functions and queues": "Funções e filas",
    "name": "nome",
    "kind": "tipo",
    "state": "estado",
    "address": "endereço",
    "ready": "pronta",
    "not ready": "não está pronta",
    "function": "função",
    "queue": "fila",
    "{waiting} waiting, {running} running": "{waiting} esperando, {running} em execução",
    "{count} organizations": "{count} organizações",
    "table": "tabela",
    "rows": "linhas",
    "oldest waiting": "espera mais antiga",
    "limit": "limite",
    "turns": "turnos",
    "Months": "Meses",
    "months": "meses",
    "ahead": "à frente",
    "until": "até",
    "[red]late[/] {table}.{column} = {state}: the oldest waits {age}, limit {limit}": (
        "[red]atrasado[/] {table}.{column} = {state}: o mais antigo espera {age}, limite {limit}"
    ),
    "[red]months[/] {table} has {months} months ahead": "[red]meses[/] {table} tem {months} meses à frente",
    "[yellow]duplicates[/] {count} replies reached a customer twice": (
        "[yellow]duplicadas[/] {count} respostas chegaram duas vezes a um cliente"
    ),
    "[green]✓[/] nothing waits for longer than it may": "[green]✓[/] nada espera mais do que pode",
    # organizations, connections, knowledge
    "Created {name}": "Criada: {name}",
    "Next: departments connection add --organization {id} --phone-number-id …": (
        "A seguir: departments connection add --organization {id} --phone-number-id …"
    ),
    "Connected {account}": "Conectada: {account}",
    "Connected {account} again": "Conectada de novo: {account}",
    "Replaced the token of {account}": "Token trocado: {account}",
    "Importing {folder}": "Importando {folder}",
    (
        "{added} added, {updated} updated, {unchanged} unchanged, {removed} removed, {problems} not imported;"
        " {chunks} passages written"
    ): (
        "{added} novos, {updated} atualizados, {unchanged} sem mudança, {removed} retirados, {problems} não importados;"
        " {chunks} passagens gravadas"
    ),
    # replay
    "accepted": "aceita",
    "refused": "recusada",
    "skipped": "pulada",
    "{accepted} accepted, {refused} refused, {skipped} skipped": (
        "{accepted} aceitas, {refused} recusadas, {skipped} puladas"
    ),
    "it still cannot be read: {reason}": "ainda não pode ser lida: {reason}",
    "no organization has the account {accounts} yet": "nenhuma organização tem a conta {accounts} ainda",
    "its object says {found}, not {provider}": "seu object diz {found}, não {provider}",
    "Delivering": "Entregando",
    "{count} deliveries": "{count} entregas",
    "delivery": "entrega",
    "received": "recebida",
    "provider": "provedor",
    "reason": "motivo",
    "accounts": "contas",
    "bytes": "bytes",
    # the demo
    "Starting PostgreSQL, the queue, storage, Meta's sandbox and the functions": (
        "Iniciando PostgreSQL, fila, armazenamento, simulador da Meta e funções"
    ),
    "Importing the knowledge of Padaria Aurora": "Importando o conhecimento da Padaria Aurora",
    "Waiting for the reply and its delivery": "Esperando a resposta e sua entrega",
    "Padaria Aurora (AI)": "Padaria Aurora (IA)",
    "A burst of three quick messages": "Três mensagens em rápida sequência",
    "A question that the knowledge answers": "Uma pergunta que o conhecimento responde",
    "The same delivery again, five times at once": "A mesma entrega de novo, cinco vezes ao mesmo tempo",
    "A question that the knowledge does not answer": "Uma pergunta que o conhecimento não responde",
    "no reply to {scene}": "sem resposta a {scene}",
    "no delivery of the reply to {scene}": "sem entrega da resposta a {scene}",
    "stored:": "gravado:",
    "nothing": "nada",
    "Rows that each step added": "Linhas que cada passo acrescentou",
    "What they say": "O que elas dizem",
    "How long it took": "Quanto tempo levou",
    "step": "passo",
    "id": "id",
    "step {number}": "passo {number}",
    "A reply's statuses (sent, delivered, read) are webhooks too.": (
        "Os status de uma resposta (enviada, entregue, lida) também são webhooks."
    ),
    "The reply waits two quiet seconds for more messages; round trips are a turn's own, to the database.": (
        "A resposta espera dois segundos por outras mensagens; as idas ao banco são as do próprio turno."
    ),
    "webhooks, ms": "webhooks, ms",
    "reply after, s": "resposta após, s",
    "round trips": "idas ao banco",
    "turn, ms": "turno, ms",
    "every file of the business's knowledge is imported": "todo arquivo do conhecimento da empresa é importado",
    "Meta's handshake is answered": "o handshake da Meta é respondido",
    "every webhook is answered with 200": "todo webhook é respondido com 200",
    "the provider accepted exactly one message per turn": "o provedor aceitou exatamente uma mensagem por turno",
    "{step}: one turn answers all of it": "{step}: um turno responde tudo",
    "{step}: one reply, and it says: {words}": "{step}: uma resposta, e ela diz: {words}",
    "{step}: the reply is sent, delivered and read, and each status is known": (
        "{step}: a resposta é enviada, entregue e lida, e cada status é conhecido"
    ),
    "{step}: the conversation is handed to people": "{step}: a conversa é passada a pessoas",
    "{step}: nothing but the deliveries themselves is stored": "{step}: nada além das próprias entregas é gravado",
    "{files} files, {chunks} passages": "{files} arquivos, {chunks} passagens",
    "{accepted} of {expected}": "{accepted} de {expected}",
    "{count} webhooks": "{count} webhooks",
    "{held} of {count} expectations held": "{held} de {count} expectativas confirmadas",
    "{seconds:.0f} s altogether": "{seconds:.0f} s ao todo",
    # refusals
    "error": "erro",
    "next:": "a seguir:",
    "{reason}": "{reason}",
    "try again": "tente de novo",
    "check the path": "confira o caminho",
    "{path} is not a file that can be read": "{path} não é um arquivo que possa ser lido",
    "{path} is not a folder that can be read": "{path} não é uma pasta que possa ser lida",
    "{path} is not the ready file of a running stack: {reason}": (
        "{path} não é o arquivo de um sistema em execução: {reason}"
    ),
    "start one: departments up --ready-file {path}": "inicie um: departments up --ready-file {path}",
    "set them, or name a running stack with --ready-file": (
        "defina-as, ou indique um sistema em execução com --ready-file"
    ),
    "the database's URL cannot be used: {reason}": "a URL do banco não pode ser usada: {reason}",
    "it is not a URL": "não é uma URL",
    "it names no database": "não diz qual banco de dados",
    "{name} is not postgresql+pg8000": "{name} não é postgresql+pg8000",
    "write it as postgresql+pg8000://USER:PASSWORD@HOST:5432/DATABASE, or with ?unix_sock=/PATH/.s.PGSQL.5432": (
        "escreva postgresql+pg8000://USUARIO:SENHA@SERVIDOR:5432/BANCO, ou com ?unix_sock=/CAMINHO/.s.PGSQL.5432"
    ),
    "there is nothing to replay: neither files nor quarantined deliveries were named": (
        "não há o que entregar: nem arquivos nem entregas em quarentena foram indicados"
    ),
    "name payload files, or use --quarantined with --delivery, --since and --until, or --organization": (
        "indique arquivos, ou use --quarantined com --delivery, --since e --until, ou --organization"
    ),
    "the access token has to come from one place": "o token de acesso precisa vir de um só lugar",
    "not possible at the moment: {reason}": "não é possível no momento: {reason}",
    "the database did not answer: {reason}": "o banco de dados não respondeu: {reason}",
    "start it, or correct the address": "inicie-o, ou corrija o endereço",
    "{url} did not answer: {reason}": "{url} não respondeu: {reason}",
    "start it, or correct --url": "inicie-o, ou corrija --url",
    "--url is missing": "falta --url",
    "{what} within {seconds:.0f} s": "{what} em {seconds:.0f} s",
    "keep the data with --data-dir and read its logs folder": "guarde os dados com --data-dir e leia a pasta logs",
    "the database has no schema of this version": "o banco de dados não tem o esquema desta versão",
    "run: departments migrate": "execute: departments migrate",
    "the database's login has not the rights of {role}": "o login do banco não tem os direitos de {role}",
    "use a login that is a member of it": "use um login que seja membro dele",
    "the database refused the migration: {reason}": "o banco de dados recusou a migração: {reason}",
    "migrate as the owner of the database": "migre como dono do banco de dados",
    "there is no organization {organization!r}": "não existe a organização {organization!r}",
    "use the id that `organization create` printed": "use o id que `organization create` mostrou",
    "{slug!r} cannot be a slug: 1 to 100 of a-z, 0-9 and hyphens, with a letter or digit at both ends": (
        "{slug!r} não pode ser um slug: de 1 a 100 caracteres a-z, 0-9 e hífens, com letra ou dígito nas duas pontas"
    ),
    "the slug {slug!r} belongs to another organization": "o slug {slug!r} pertence a outra organização",
    "choose another with --slug": "escolha outro com --slug",
    "correct it and try again": "corrija e tente de novo",
    "the account {account} is connected to another organization": (
        "a conta {account} está conectada a outra organização"
    ),
    "an access token is 1 to {limit} printable characters without spaces; this is none": (
        "um token de acesso tem de 1 a {limit} caracteres imprimíveis sem espaços; isto não é um"
    ),
    "check what the file holds": "confira o conteúdo do arquivo",
    "{path} holds no document that can be imported": "{path} não tem documentos que possam ser importados",
    "{path} holds too many files: at most {limit} are imported at once": (
        "{path} tem arquivos demais: no máximo {limit} por vez"
    ),
    "name a folder of its parts": "indique uma pasta com parte deles",
    "there is no delivery {delivery}": "não existe a entrega {delivery}",
    "list them: departments replay --quarantined --list": "veja quais: departments replay --quarantined --list",
    **AGENTS,
    **CONNECTIONS,
    **FAQ,
    **KNOWLEDGE,
    **HANDOFFS,
}
