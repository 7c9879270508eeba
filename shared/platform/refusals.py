"""Every code with which something is refused: its status over HTTP, and what a person reads in English and Portuguese.

Codes are stable: clients compare them, texts may change. A test finds each `Rejected(code, …)` of the source here.
"""

from typing import NamedTuple


class Refusal(NamedTuple):
    """`status` is the answer of a public function; a queue is answered with 200, because a repetition cannot help."""

    status: int
    message: str
    message_pt: str


REFUSALS: dict[str, Refusal] = {
    "account_not_owned": Refusal(
        403,
        "The provider does not show this account to the token as its own.",
        "O provedor não mostra esta conta ao token como sendo dele.",
    ),
    "account_taken": Refusal(
        409,
        "This account is connected to another organization.",
        "Esta conta já está conectada a outra organização.",
    ),
    "account_unusable": Refusal(
        400,
        "This is not the provider's id of an account.",
        "Este não é o identificador de uma conta do provedor.",
    ),
    "agent_unknown": Refusal(
        404,
        "There is no such agent, or there are several of its type.",
        "Este agente não existe, ou há vários do mesmo tipo.",
    ),
    "agent_without_run": Refusal(
        409,
        "Agents of this type do nothing by themselves.",
        "Agentes deste tipo não fazem nada por conta própria.",
    ),
    "bad_message": Refusal(
        400,
        "The channel does not take this message.",
        "O canal não aceita esta mensagem.",
    ),
    "bad_name": Refusal(
        400,
        "A file's name is not UTF-8, or is too long.",
        "O nome de um arquivo não está em UTF-8 ou é longo demais.",
    ),
    "bad_task": Refusal(
        400,
        "The task does not hold the ids that this function needs.",
        "A tarefa não contém os identificadores de que esta função precisa.",
    ),
    "body_too_large": Refusal(
        413,
        "The body is larger than this function accepts.",
        "O corpo da requisição é maior do que esta função aceita.",
    ),
    "body_too_slow": Refusal(
        408,
        "The body did not arrive in time.",
        "O corpo da requisição não chegou a tempo.",
    ),
    "body_unusable": Refusal(
        400,
        "The body is not JSON that this function can use.",
        "O corpo da requisição não é um JSON que esta função possa usar.",
    ),
    "caller_not_allowed": Refusal(
        403,
        "This caller may not use this function.",
        "Quem chama não tem permissão para usar esta função.",
    ),
    "caller_unknown": Refusal(
        401,
        "The caller's token is missing, expired or not valid here.",
        "O token de quem chama está ausente, expirado ou não é válido aqui.",
    ),
    "ciphertext_invalid": Refusal(
        409,
        "A stored secret cannot be read: it belongs to another place, or was changed.",
        "Um segredo armazenado não pode ser lido: pertence a outro lugar ou foi alterado.",
    ),
    "configuration_unusable": Refusal(
        409,
        "The agent's configuration does not hold; its problems are listed with it.",
        "A configuração do agente não é válida; os problemas estão listados nele.",
    ),
    "connection_unknown": Refusal(
        404,
        "There is no such connection.",
        "Não existe essa conexão.",
    ),
    "conversation_closed": Refusal(
        409,
        "The conversation has ended; what the customer writes next is in another.",
        "A conversa foi encerrada; o que o cliente escrever estará em outra.",
    ),
    "conversation_unknown": Refusal(
        404,
        "There is no such conversation.",
        "Esta conversa não existe.",
    ),
    "damaged": Refusal(
        400,
        "The document is damaged.",
        "O documento está danificado.",
    ),
    "defect": Refusal(
        500,
        "Something went wrong here. It is recorded.",
        "Algo deu errado aqui. O erro foi registrado.",
    ),
    "embedding_model_unknown": Refusal(
        400,
        "There is no such embedding model.",
        "Não existe esse modelo de vetores.",
    ),
    "embedding_not_configured": Refusal(
        400,
        "The embedding model is not configured.",
        "O modelo de vetores não está configurado.",
    ),
    "empty": Refusal(
        400,
        "The text says nothing.",
        "O texto está vazio.",
    ),
    "encoding_not_accepted": Refusal(
        415,
        "The body must not be compressed.",
        "O corpo da requisição não pode vir comprimido.",
    ),
    "encrypted": Refusal(
        400,
        "The document is locked by a password.",
        "O documento está protegido por senha.",
    ),
    "faq_conflict": Refusal(
        409,
        "A live entry answers this question otherwise.",
        "Uma entrada em uso responde esta pergunta de outra forma.",
    ),
    "faq_draft_decided": Refusal(
        409,
        "This draft is decided already.",
        "Este rascunho já foi decidido.",
    ),
    "faq_draft_unknown": Refusal(
        404,
        "There is no such draft.",
        "Este rascunho não existe.",
    ),
    "faq_in_file": Refusal(
        409,
        "The live answer is written in a file, which alone can change it.",
        "A resposta em uso está escrita em um arquivo, e só ele pode mudá-la.",
    ),
    "faq_no_conflict": Refusal(
        409,
        "No live entry answers this question, so there is none to keep.",
        "Nenhuma entrada em uso responde esta pergunta; não há o que manter.",
    ),
    "front_matter": Refusal(
        400,
        "The lines above an article's text are not understood.",
        "As linhas acima do texto de um artigo não foram entendidas.",
    ),
    "handoff_closed": Refusal(
        409,
        "People do not have this conversation any more.",
        "Esta conversa não está mais com a equipe.",
    ),
    "handoff_taken": Refusal(
        409,
        "Somebody else has this conversation.",
        "Outra pessoa já está com esta conversa.",
    ),
    "handoff_unknown": Refusal(
        404,
        "Nobody was called to this conversation.",
        "Ninguém foi chamado para esta conversa.",
    ),
    "key_destroyed": Refusal(
        410,
        "The encryption key was destroyed; what it encrypted is erased.",
        "A chave de criptografia foi destruída; o que ela protegia foi apagado.",
    ),
    "method_not_allowed": Refusal(
        405,
        "This address does not accept that method.",
        "Este endereço não aceita esse método.",
    ),
    "month_unusable": Refusal(
        400,
        "This is not a month.",
        "Isto não é um mês.",
    ),
    "newer_message": Refusal(
        409,
        "The customer has written again: read it first.",
        "O cliente escreveu de novo: leia antes.",
    ),
    "no_files": Refusal(
        400,
        "The folder has no file that can be imported.",
        "A pasta não tem nenhum arquivo que possa ser importado.",
    ),
    "no_folder": Refusal(
        400,
        "There is no folder of this name.",
        "Não existe uma pasta com esse nome.",
    ),
    "no_text": Refusal(
        400,
        "The document has no text that can be read.",
        "O documento não tem texto que possa ser lido.",
    ),
    "not_found": Refusal(
        404,
        "There is nothing at this address.",
        "Não há nada neste endereço.",
    ),
    "not_utf8": Refusal(
        400,
        "The text is not UTF-8.",
        "O texto não está em UTF-8.",
    ),
    "nothing_known": Refusal(
        409,
        "The organization knows nothing yet.",
        "A organização ainda não sabe nada.",
    ),
    "object_exists": Refusal(
        409,
        "An object with this name exists already.",
        "Já existe um objeto com esse nome.",
    ),
    "other_embedding_model": Refusal(
        400,
        "The organization's knowledge has vectors of another model.",
        "O conhecimento da organização tem vetores de outro modelo.",
    ),
    "permission_missing": Refusal(
        403,
        "The token lacks a permission at the provider.",
        "Falta ao token uma permissão no provedor.",
    ),
    "person_unknown": Refusal(
        404,
        "The organization has no such user.",
        "A organização não tem este usuário.",
    ),
    "provider_refused": Refusal(
        409,
        "The provider refused the request.",
        "O provedor recusou a solicitação.",
    ),
    "reason_missing": Refusal(
        400,
        "A switch is turned for a reason: say which.",
        "Uma chave é virada por um motivo: diga qual.",
    ),
    "reembedding_runs": Refusal(
        400,
        "The organization's vectors are being changed already.",
        "Os vetores da organização já estão sendo trocados.",
    ),
    "same_embedding_model": Refusal(
        400,
        "All vectors are of this model already.",
        "Todos os vetores já são deste modelo.",
    ),
    "signature_invalid": Refusal(
        401,
        "The signature does not belong to this body.",
        "A assinatura não corresponde ao corpo da requisição.",
    ),
    "slug_taken": Refusal(
        409,
        "This slug belongs to another organization.",
        "Este slug pertence a outra organização.",
    ),
    "slug_unusable": Refusal(
        400,
        "A slug takes 1 to 100 of a-z, 0-9 and hyphens.",
        "Um slug tem de 1 a 100 caracteres: a-z, 0-9 e hífens.",
    ),
    "source_unknown": Refusal(
        404,
        "Nothing is known from this source.",
        "Nada é conhecido desta fonte.",
    ),
    "template_unknown": Refusal(
        404,
        "There is no such template; use fashion, food or services.",
        "Este modelo não existe; use fashion, food ou services.",
    ),
    "token_refused": Refusal(
        403,
        "The provider does not take the token.",
        "O provedor não aceita o token.",
    ),
    "token_unusable": Refusal(
        400,
        "This cannot be an access token.",
        "Isto não pode ser um token de acesso.",
    ),
    "too_complex": Refusal(
        400,
        "The document is built so that it cannot be read.",
        "O documento é construído de modo que não pode ser lido.",
    ),
    "too_large": Refusal(
        413,
        "The file is larger than can be imported.",
        "O arquivo é maior do que o permitido para importação.",
    ),
    "too_many_files": Refusal(
        400,
        "These are more files than can be imported at once.",
        "São mais arquivos do que o permitido em uma só importação.",
    ),
    "too_many_pages": Refusal(
        400,
        "The document has too many pages.",
        "O documento tem páginas demais.",
    ),
    "too_many_rows": Refusal(
        400,
        "The table has too many rows or columns.",
        "A tabela tem linhas ou colunas demais.",
    ),
    "too_slow": Refusal(
        400,
        "The document takes too long to read.",
        "O documento demora demais para ser lido.",
    ),
    "unavailable": Refusal(
        503,
        "This is not possible at the moment. Please try again.",
        "Isso não é possível no momento. Tente novamente.",
    ),
    "unknown_conversation": Refusal(
        404,
        "There is no such conversation.",
        "Esta conversa não existe.",
    ),
    "unknown_format": Refusal(
        400,
        "This is no document that can be read.",
        "Este não é um documento que possa ser lido.",
    ),
    "unreadable": Refusal(
        400,
        "The file cannot be read.",
        "O arquivo não pode ser lido.",
    ),
    "url_unusable": Refusal(
        400,
        "This address cannot be fetched.",
        "Este endereço não pode ser buscado.",
    ),
    "value_unusable": Refusal(
        400,
        "A value cannot be stored as it is.",
        "Um dos valores não pode ser gravado como está.",
    ),
    "version_in_use": Refusal(
        409,
        "This version is the one in use.",
        "Esta versão é a que está em uso.",
    ),
    "version_unknown": Refusal(
        404,
        "The source has no such version.",
        "A fonte não tem essa versão.",
    ),
}
