"""The texts of `departments knowledge` in Brazilian Portuguese, by their English."""

KNOWLEDGE = {
    # help
    "Bring an organization's knowledge to what documents say: folders, files, addresses.": (
        "Deixa o conhecimento da organização igual ao que dizem os documentos: pastas, arquivos, endereços."
    ),
    "Folders (subfolders count) or files: .md, .txt, .html, .pdf, .docx, .csv.": (
        "Pastas (subpastas contam) ou arquivos: .md, .txt, .html, .pdf, .docx, .csv."
    ),
    "File with one https address a line; # begins a comment.": (
        "Arquivo com um endereço https por linha; # começa um comentário."
    ),
    "Take entries out of use whose file is gone from the one folder.": (
        "Retira de uso o que já não tem arquivo na pasta indicada."
    ),
    "List an organization's sources, with how often each answered and how well.": (
        "Lista as fontes da organização, com quantas vezes cada uma respondeu e quão bem."
    ),
    "List what is past its date or was not looked at for long, or note that it was looked at.": (
        "Lista o que venceu ou não é conferido há muito tempo, ou registra que foi conferido."
    ),
    "Note that this source is right as it is.": "Registra que esta fonte está certa como está.",
    "Have entries looked at again after so many days.": "Pede nova conferência depois de tantos dias.",
    "List a source's versions, or use an older one again.": (
        "Lista as versões de uma fonte, ou volta a usar uma antiga."
    ),
    "Use this version's text again.": "Volta a usar o texto desta versão.",
    "Take a source out for good, with all its versions and its file in storage.": (
        "Apaga uma fonte de vez, com todas as suas versões e seu arquivo no armazenamento."
    ),
    "Give all of an organization's passages another model's vectors; the old ones serve meanwhile.": (
        "Dá a todos os trechos da organização vetores de outro modelo; os antigos servem enquanto isso."
    ),
    "Embedding model; docs/knowledge.md lists them.": "Modelo de vetores; docs/knowledge.md lista quais.",
    "The source, as `departments knowledge list` shows it.": "A fonte, como `departments knowledge list` mostra.",
    # refusals
    "the organization's spending limit is reached": "o limite de gastos da organização foi atingido",
    "raise it, or go on when its period is over": "aumente-o, ou continue quando o período terminar",
    "there is nothing to import": "não há nada para importar",
    "name folders or files, or a file of addresses with --urls": (
        "indique pastas ou arquivos, ou um arquivo de endereços com --urls"
    ),
    "--prune compares with one folder, and that is not what was named": (
        "--prune compara com uma pasta, e não foi isso que se indicou"
    ),
    "name one folder": "indique uma pasta",
    # output
    "files": "arquivos",
    "addresses": "endereços",
    "Embedding": "Calculando vetores",
    "Nothing is to be looked at.": "Não há nada para conferir.",
    "past its date: not used": "vencida: não é usada",
    "not looked at for long": "não é conferida há muito tempo",
    "in use": "em uso",
    "former": "anterior",
    "{path} is deleted with {versions} versions; {objects} files in storage go within minutes": (
        "{path} foi apagada com {versions} versões; {objects} arquivos no armazenamento somem em minutos"
    ),
    "{chunks} passages have vectors of {model} now": "{chunks} trechos têm agora vetores de {model}",
    "not finished ({code}); it goes on by itself": "não terminou ({code}); continua sozinho",
    "source": "fonte",
    "title": "título",
    "version": "versão",
    "passages": "trechos",
    "valid until": "válida até",
    "answers": "respostas",
    "worth": "valia",
    "why": "motivo",
    "last looked at": "última conferência",
    "since": "desde",
}
