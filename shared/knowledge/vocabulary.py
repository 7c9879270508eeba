"""The Portuguese of customers' messages: words that say nothing, words that say little, and false diminutives.

The lists are general (no product, no business) and written without accents, as `portuguese.fold` leaves them. The
embedded embedding and the full text both use them, as they do those of `synonyms`, `chat_words` and `places`; change
them only together with `portuguese.CONFIGURATION` and the model's name.
"""

from typing import Final

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

SAME_MEANING: Final[dict[str, str]] = {
    "horario": "horario horarios hora horas abrir abre abrem abrimos aberto aberta abertos abertas abertura fechar"
    " fecha fecham fechamos fechado fechada fechados fechamento funciona funcionam funcionamos funcionamento"
    " expediente atende atendem atendemos",
    "entrega": "entrega entregas entregar entregam entregamos entregue entregues delivery frete fretes motoboy"
    " motoqueiro entregador entregadores",
    "preco": "preco precos valor valores custo custos custa custam custar quanto cobra cobram cobrar cobrado"
    " cobranca caro barato tarifa taxa taxas",
    "pagamento": "pagamento pagamentos pagar paga pagam pago pagos paguei pagando",
    "cartao": "cartao cartoes credito debito visa mastercard elo amex",
    "dinheiro": "dinheiro especie cedula cedulas",
    "parcela": "parcela parcelas parcelar parcelado parcelamento parcelam prestacao prestacoes",
    "endereco": "endereco enderecos localizacao localizado localizada localiza onde fica ficam",
    "encomenda": "encomenda encomendas encomendar encomendo encomendado encomendados encomendei pedido pedidos"
    " pedir peco pedi reserva reservar reservas reservado",
    "antecedencia": "antecedencia antecipado antecipada antecipadamente",
    "cancelar": "cancelar cancela cancelam cancelo cancelei cancelado cancelamento cancelamentos desistir desisti"
    " desistencia",
    "devolucao": "devolucao devolucoes devolver devolvo devolvi devolvem reembolso reembolsos reembolsar"
    " reembolsam estorno estornos estornar ressarcimento",
    "prazo": "prazo prazos tempo demora demoram demorar demorado demorou rapido rapidez",
    "troca": "troca trocas trocar trocam trocado substituir substituicao",
    "reclamacao": "reclamacao reclamacoes reclamar reclamo defeito defeitos estragado estragada danificado"
    " danificada amassado quebrado quebrada errado errada problema problemas",
    "desconto": "desconto descontos promocao promocoes oferta ofertas cupom cupons",
    "atacado": "atacado revenda revender revendedor revendedores revendem cnpj",
    "gluten": "gluten celiaco celiaca celiacos",
    "lactose": "lactose laticinio laticinios",
    "alergia": "alergia alergias alergico alergica alergicos alergeno alergenos alergenico alergenicos"
    " intolerancia intolerante intolerantes",
    "vegano": "vegano vegana veganos veganas vegan vegetariano vegetariana vegetarianos",
    "retirada": "retirada retirar retira retiram retiro retirado buscar busco buscam busca balcao",
    "estacionar": "estacionar estacionamento estaciono vaga vagas",
    "nota": "nota notas nf nfe fiscal fiscais",
    "telefone": "telefone telefones celular celulares whatsapp zap contato contatos fone",
    "garantia": "garantia garantias garantido garantem",
    "agendar": "agendar agenda agendam agendamento agendamentos agendado agendada",
    "chuva": "chuva chuvas chove chover chovendo choveu",
    "comida": "comida comidas comer come alimento alimentos refeicao refeicoes",
    "alcool": "alcool alcoolica alcoolicas alcoolico cerveja cervejas chope vinho vinhos",
    "perdido": "perdi perdeu perdido perdida esqueci esqueceu esquecido esquecida esquecidos",
    "feriado": "feriado feriados natal carnaval pascoa",
    "crianca": "crianca criancas infantil infantis bebe bebes filho filha filhos",
    "animal": "animal animais pet pets bicho bichos",
    "cachorro": "cachorro cachorros cachorra cadela cadelas cao caes canino",
    "gato": "gato gatos gata gatas felino felinos",
    "vagaemprego": "emprego empregos curriculo curriculos contratando contratam contratacao",
    "internet": "wifi wi internet",
}
"""Concept → the words that mean it, one concept a word: what makes two questions the same. A search hears more of them
(`synonyms`)."""
