"""The texts of `departments connection` in Brazilian Portuguese, by their English."""

CONNECTIONS = {
    "[yellow]connections[/] {count} times {kind}: their owners were told": (
        "[yellow]conexões[/] {count} vezes {kind}: os donos foram avisados"
    ),
    "Access token (it is not shown): ": "Token de acesso (não aparece na tela): ",
    "Ask the provider about a connection: token, ownership, sending, webhooks.": (
        "Pergunta ao provedor sobre uma conexão: token, titularidade, envio, webhooks."
    ),
    "Connect an account after its token is proven, or give its connection a new token.": (
        "Conecta uma conta depois de provar o token, ou troca o token da conexão."
    ),
    "Connections": "Conexões",
    "End a connection: its token is erased and its account is free for others.": (
        "Encerra uma conexão: o token é apagado e a conta fica livre para outros."
    ),
    "Ended the connection of {account}": "Conexão encerrada: {account}",
    "Environment variable that holds the access token.": "Variável de ambiente que contém o token de acesso.",
    "Give a connection a new token after it is proven; a pause ends.": (
        "Troca o token de uma conexão depois de prová-lo; uma pausa termina."
    ),
    "Id of the Facebook page, for Messenger.": "Identificador da página do Facebook, para o Messenger.",
    "Id of the Instagram professional account.": "Identificador da conta profissional do Instagram.",
    "It is paused now: nothing is sent, and nothing is lost.": "Agora está pausada: nada é enviado, e nada se perde.",
    "It works again: what waited is sent within minutes.": "Voltou a funcionar: o que esperava é enviado em minutos.",
    "Show an organization's connections, when they were heard of, and what to do.": (
        "Mostra as conexões da organização, quando deram sinal e o que fazer."
    ),
    "The connection, by its id or its account's.": "A conexão, pelo id dela ou pelo da conta.",
    "The organizations' accounts at WhatsApp, Instagram and Messenger.": (
        "As contas das organizações no WhatsApp, Instagram e Messenger."
    ),
    "There is no connection yet: departments connection add": "Ainda não há conexão: departments connection add",
    "When the token ends, if it does and you know.": "Quando o token termina, se termina e se sabe.",
    "account": "conta",
    "channel": "canal",
    "copy it from the app's settings": "copie-o das configurações do aplicativo",
    "get a new token, then: departments connection rotate --connection {account}": (
        "obtenha um novo token e então: departments connection rotate --connection {account}"
    ),
    "it has to be said which account: exactly one": "é preciso dizer qual conta: exatamente uma",
    "last send": "último envio",
    "last webhook": "último webhook",
    "list them: departments connection list --organization {organization}": (
        "veja a lista: departments connection list --organization {organization}"
    ),
    "look the code up at the provider": "procure o código no provedor",
    "make a new token at the provider": "gere um novo token no provedor",
    "make a token with access to this account, or correct its id": (
        "gere um token com acesso a esta conta, ou corrija o identificador"
    ),
    "make a token with the permissions of docs/operations.md": "gere um token com as permissões de docs/operations.md",
    "no webhook arrives: departments connection test --connection {account}": (
        "nenhum webhook chega: departments connection test --connection {account}"
    ),
    "read the provider's warning": "leia o aviso do provedor",
    "settle it at the provider, then: departments connection test --connection {account}": (
        "resolva no provedor e então: departments connection test --connection {account}"
    ),
    "silent": "em silêncio",
    "subscribe the app to the account's webhooks: POST /ACCOUNT/subscribed_apps": (
        "inscreva o aplicativo nos webhooks da conta: POST /ACCOUNT/subscribed_apps"
    ),
    "that organization has to revoke it first: departments connection revoke": (
        "aquela organização precisa revogá-la antes: departments connection revoke"
    ),
    "the account is the token's own": "a conta é a do próprio token",
    "the account may send": "a conta pode enviar",
    "the organization has no connection {connection!r}": "a organização não tem a conexão {connection!r}",
    "the provider does not take the token: {reason}": "o provedor não aceita o token: {reason}",
    "the provider refused to say whose the token is: {reason}": (
        "o provedor se recusou a dizer de quem é o token: {reason}"
    ),
    "the provider takes the token": "o provedor aceita o token",
    "the token ends soon: departments connection rotate --connection {account}": (
        "o token termina em breve: departments connection rotate --connection {account}"
    ),
    "the token is not of the account {account}: {reason}": "o token não é da conta {account}: {reason}",
    "the token lacks a permission: {reason}": "falta uma permissão ao token: {reason}",
    "token ends": "fim do token",
    "use --phone-number-id, --instagram-account-id or --page-id": (
        "use --phone-number-id, --instagram-account-id ou --page-id"
    ),
    "use --token-file FILE, --token-stdin or --token-env NAME; a terminal is asked for it": (
        "use --token-file ARQUIVO, --token-stdin ou --token-env NOME; em um terminal ele é perguntado"
    ),
    "webhooks come to this app": "os webhooks chegam a este aplicativo",
    "write it as 2026-12-31T23:59:00Z or with another offset": "escreva como 2026-12-31T23:59:00Z ou com outro fuso",
    "{account!r} is not the id of an account: Meta's ids are digits only (not the number itself)": (
        "{account!r} não é o identificador de uma conta: os da Meta são só dígitos (não é o próprio número)"
    ),
    "{days} days ago": "há {days} dias",
    "{hours} h ago": "há {hours} h",
    "{minutes} min ago": "há {minutes} min",
    "{value!r} is not a moment": "{value!r} não é um momento",
}
