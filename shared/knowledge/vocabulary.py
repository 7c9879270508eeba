"""The Portuguese of customers' messages: words that say nothing, words that say little, and false diminutives.

The lists are general (no product, no business) and written without accents, as `portuguese.fold` leaves them. The
embedded embedding and the full text both use them, as they do those of `synonyms`, `chat_words` and `places`; change
them only together with `portuguese.CONFIGURATION` and the model's name.
"""

SILENT_WORDS = frozenset(
    """
    a ao aos as o os um uma uns umas de da das do dos em na nas no nos num numa nuns numas por pela pelas pelo
    pelos para pra pras pro pros com sem sob sobre entre ate desde apos ante contra e ou mas nem que se porque pois
    como quando quanta quantos quantas qual quais quem cujo cuja ja so somente apenas tambem muito muita muitos
    muitas mais menos bem mal aqui ai ali la ca isso isto aquilo este esta estes estas esse essa esses essas aquele
    aquela aqueles aquelas eu tu ele ela eles elas vos voce voces vc vcs me te lhe lhes nosso nossa nossos nossas
    meu minha meus minhas seu sua seus suas teu tua dele dela deles delas mim comigo contigo conosco si sao era eram
    foi foram ser sera seria sejam seja estar estao estou estava estavam estamos tem tens tenho temos tinha tinham
    ter tera teria tenham tenha ha havia houve haver vai vao vou vamos ir ia iam iria posso pode podem podemos
    poderia poderiam puder quero queria queremos gostaria gostariamos preciso precisava precisamos saber sabe sabem
    dizer diz diga fala falar fale ver veja olha olhar oi ola opa alo bom boa dia tarde noite tudo obrigado obrigada
    obg favor pf pfv gentileza licenca desculpa desculpe amigo amiga moco moca senhor senhora sr sra nao sim talvez
    ok certo entao assim ainda agora logo depois antes sempre nunca todo toda todos todas cada algum alguma alguns
    algumas nenhum nenhuma outro outra outros outras mesmo mesma coisa coisas tipo caso vez vezes gente pessoal
    duvida duvidas pergunta perguntas informacao informacoes ajuda ajudar eh ne hein ta to tava pq kkk rs r sou
    somos cade estiver estivesse algo alguem deste desta neste nesta dum duma etc the of and
    """.split()  # noqa: SIM905 -- read as prose
)
"""Articles, pronouns, auxiliaries, greetings: they count nothing in the full text and almost nothing in the vector."""

QUIET_WORDS = frozenset(
    """
    onde fazer faz fazem fazemos faco feito feita dar dao ficar fica ficam existe existem possui possuem conseguir
    consegue consigo conseguem usar usa usam deixar deixa deixam colocar coloca precisa precisar querer quer querem
    servir serve servem vir vem vindo chegar chega trabalhar trabalha trabalham trabalhamos oferecer oferece
    oferecem oferecemos passar passa hoje amanha ontem semana mes ano minimo minima maximo maxima valer vale valem
    comprar compra comprei vender vende vendem vendemos produto produtos loja lojas cliente clientes item itens
    opcao opcoes receber recebe recebem levar leva pegar pega mandar manda mandam enviar envia enviam novo nova
    unidade unidades pessoa pessoas achar acha mostrar informar acontece acontecer possivel disponivel tamanho
    tamanhos real reais quanto hora horas numero numeros pai mae marido esposa amigos familia unico proprio propria
    geral principal perto longe dentro fora
    """.split()  # noqa: SIM905 -- read as prose
)
"""Words that occur in every shop's questions: heard, but a third as loud as a word that names something."""

NOT_DIMINUTIVES = frozenset(
    """
    vizinho vizinha caminho carinho cozinha farinha galinha marinha rainha sardinha campainha sobrinho sobrinha padrinho
    madrinha andorinha espinho moinho golfinho pergaminho ladainha coxinha bolinho salgadinho docinho tainha calcinha
    caipirinha modinha ninho adivinha
    """.split()  # noqa: SIM905 -- read as prose
)
"""Words in -inho and -inha that are no smaller form of another word, or mean something else than it."""
