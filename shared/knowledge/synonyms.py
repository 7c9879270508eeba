"""Portuguese words that mean the same, or so nearly that a customer says one where a business writes the other.

General language: no product line and no business. A word may stand in several groups; it is then found by each of them.
Written without accents, as `portuguese.fold` leaves them; they belong to `portuguese.CONFIGURATION`.
"""

from typing import Final

RELATED: Final[dict[str, str]] = {
    # when and where
    "horario": "horario horarios hora horas abrir abre abrem abrimos aberto aberta abertos abertas abertura fechar"
    " fecha fecham fechamos fechado fechada fechados fechamento funciona funcionam funcionamos funcionamento"
    " expediente atende atendem atendemos encerra encerram",
    "noite": "noturno noturna jantar janta jantares madrugada",
    "manha": "manha manhas matinal cedo cedinho",
    "tarde": "vespertino vespertina",
    "meiodia": "almoco almocos almocar meio",
    "feriado": "feriado feriados carnaval pascoa natal reveillon emenda ponte",
    "ferias": "ferias recesso coletivas",
    "espera": "espera fila filas esperar aguardar demora demorado",
    "endereco": "endereco enderecos localizacao localizado localizada localiza onde fica ficam rua avenida mapa gps"
    " ponto referencia esquina bairro cep chegar",
    "estacionar": "estacionar estacionamento estaciono vaga vagas garagem carro carros parar manobrista",
    "transporte": "metro onibus estacao terminal uber taxi transporte",
    "acessibilidade": "acessibilidade acessivel rampa cadeirante cadeirantes deficiente deficientes deficiencia"
    " elevador escada degrau mobilidade rodas",
    "filial": "filial filiais unidade unidades matriz",
    "lugar": "lugar lugares espaco local locais cantinho area sala salao",
    "banheiro": "banheiro banheiros toalete sanitario lavabo",
    "fralda": "fralda fraldas fraldario trocador",
    "internet": "wifi wi internet tomada",
    # getting it
    "entrega": "entrega entregas entregar entregam entregamos entregue entregues delivery frete fretes motoboy"
    " motoqueiro entregador entregadores enviar envia enviam enviamos envio envios mandar manda mandam mandamos"
    " despachar despacha despacham despacho postar posta postam postagem remessa transportadora sedex correios levam",
    "retirada": "retirada retirar retira retiram retiro retirado buscar busco buscam busca balcao pegar pego pegam"
    " apanhar apanho",
    "rastreio": "rastreio rastrear rastreamento rastreador acompanhar acompanha",
    "prazo": "prazo prazos tempo demora demoram demorar demorado demorou rapido rapidez leva levam",
    "atraso": "atraso atrasos atrasado atrasada atrasou atrasar atrasa passou",
    "portaria": "portaria porteiro sobe subir apartamento apartamentos predio condominio recepcao andar",
    "urgente": "urgente urgencia hoje imediato",
    # money
    "preco": "preco precos valor valores custo custos custa custam custar quanto cobra cobram cobrar cobrado cobranca"
    " caro barato tarifa taxa taxas sai tabela",
    "gratis": "gratis graca gratuito gratuita gratuitos gratuitas gratuitamente cortesia brinde ganha ganho ganhar"
    " ganhou livre custo conta isento isencao",
    "pagamento": "pagamento pagamentos pagar paga pagam pago pagos paguei pagando quitar acerto aceita aceitam"
    " aceitamos",
    "cartao": "cartao cartoes credito debito visa mastercard elo amex bandeira bandeiras maquininha",
    "dinheiro": "dinheiro especie cedula cedulas",
    "pix": "pix chave transferencia transferir",
    "parcela": "parcela parcelas parcelar parcelado parcelada parcelam parcelamos parcelamento prestacao prestacoes"
    " dividir divide dividido dividida juros",
    "fiado": "fiado fiada pendura pendurar anotar caderneta crediario",
    "valerefeicao": "vale vr va ticket alelo sodexo pluxee refeicao alimentacao",
    "desconto": "desconto descontos promocao promocoes oferta ofertas cupom cupons barato liquidacao ponta saldo",
    "atacado": "atacado revenda revender revendedor revendedores revendem cnpj quantidade",
    "nota": "nota notas nf nfe fiscal fiscais recibo cupom comprovante",
    "sinal": "sinal entrada adiantado adiantamento adiantada caucao garantir antecipado",
    "minimo": "minimo minima partir",
    "orcamento": "orcamento orcamentos orcar",
    "fidelidade": "fidelidade pontos ponto clube carimbo carimbos cashback",
    "presente": "presente presentes presentear lembranca presenteado embrulho embrulhar embrulham embrulha",
    "embalagem": "embalagem embalagens embalar embalam embrulho embrulhar embrulham embrulha embrulhado pacote caixa"
    " sacola sacolas pote",
    # order, change, complaint
    "encomenda": "encomenda encomendas encomendar encomendam encomendo encomendado encomendados encomendei pedido"
    " pedidos pedir peco pedi reserva reservar reservam reservamos reservas reservado",
    "comprar": "comprar compra compras comprei compro comprado adquirir adquiri",
    "antecedencia": "antecedencia antecipado antecipada antecipadamente vespera",
    "cancelar": "cancelar cancela cancelam cancelo cancelei cancelado cancelamento cancelamentos desistir desisti"
    " desisto desistencia arrepender arrependi arrependimento desmarcar desmarco",
    "pausar": "pausar pausa pausado pausada suspender trancar interromper viajar viagem",
    "devolucao": "devolucao devolucoes devolver devolvo devolvi devolvem devolvemos devolvido devolvida devolvidas"
    " reembolso reembolsos reembolsar reembolsam estorno estornos estornar ressarcimento arrependi arrependimento",
    "troca": "troca trocas trocar trocam trocamos trocado trocada substituir substituicao substituem tirar mudar muda"
    " alterar altera alteracao",
    "reclamacao": "reclamacao reclamacoes reclamar reclamo defeito defeitos estragado estragada danificado danificada"
    " amassado amassada quebrado quebrada quebrou errado errada errei problema problemas rasgou rasgado soltou"
    " descolou descolada gerente",
    "errado": "errado errada errei engano enganado enganada trocado trocada faltou faltando falta veio",
    "frio": "frio fria gelado gelada esfriou",
    "garantia": "garantia garantias garantido garantem assistencia cobre cobertura",
    "duracao": "dura duram durar duracao durabilidade validade vence vencem vencer vencimento validos valido valida"
    " estraga conservar",
    "recusado": "recusado recusada recusou negado negada negou passou",
    "agendar": "agendar agenda agendam agendamento agendamentos agendado agendada marcar marca marcam marcado marcada"
    " marco hora",
    "perdido": "perdi perdeu perdido perdida esqueci esqueceu esquecido esquecida esquecidos achado achados acharam"
    " encontraram deixei",
    "esgotado": "esgotado esgotada esgotados esgotou acabou reposicao repor repoem estoque volta voltam",
    "usado": "usado usada usados usadas seminovo seminova antigo antiga velho velha",
    "doacao": "doacao doacoes doar doam doo",
    "conserto": "conserto consertos consertar consertam consertamos consertado arrumar arrumam arruma reparo reparos"
    " reparar manutencao",
    "instalar": "instalar instala instalam instalamos instalacao montar montam monta montagem colocar colocam",
    "alugar": "alugar aluga alugam alugo aluguel alugado alugada locacao locar diaria diarias",
    "contato": "telefone telefones celular celulares whatsapp contato contatos fone email mail ligar ligo atendimento"
    " atendente atendimentos humano",
    "gerente": "gerente gerencia dono dona proprietario proprietaria responsavel chefe",
    "cadastro": "cadastro cadastrar cadastram cadastrado criar registro registrar dados login senha",
    "privacidade": "lgpd privacidade dados apagar excluir",
    "vagaemprego": "emprego empregos curriculo curriculos contratando contratam contratacao contrata estagio"
    " estagiario trabalhe",
    "foto": "foto fotos fotografia imagem print video",
    "documento": "documento documentos rg identidade cnh comprovante papelada",
    "medir": "medir mede medem meco medida medidas medicao centimetro centimetros comprimento",
    "tamanho": "numeracao medida medidas",
    "peso": "peso gramas grama kg quilo quilos pesa pesam",
    "incluso": "incluso inclusa inclui incluem incluido incluida inclusos acompanha acompanham junto vem traz",
    "quantidade": "serve servem porcao porcoes rende",
    "tirar": "tirar tira tiro remover remove retirar",
    "recomendar": "recomendar recomenda recomendam recomendamos indica indicam indicamos indicar sugere sugestao serve",
    "ensinar": "curso cursos aula aulas ensinar ensinam ensina aprender aprende aprendi oficina escola escolinha",
    "musica": "musica musicas samba banda som vivo",
    "evento": "evento eventos festa festas casamento casamentos formatura confraternizacao",
    "aniversario": "aniversario aniversarios aniversariante parabens",
    "empresa": "empresa empresas escritorio corporativo firma convenio frota",
    "mensal": "mensal mensais mes mensalidade plano planos assinatura pacote pacotes",
    "site": "site internet online loja virtual app aplicativo ecommerce",
    "modelo": "modelo modelos estilo linha",
    "cor": "cor cores preto preta branco branca azul rosa vermelho vermelha colorido estampa estampas",
    "material": "material materiais tecido tecidos couro feito composicao",
    "lavar": "lavar lava lavam lavo lavagem lavagens limpar limpa limpeza limpo higienizar sujo suja",
    "cheiro": "cheiro cheiros fedor odor mau",
    "apertado": "apertado apertada aperta apertando apertou pequeno pequena curto curta justo",
    "largo": "largo larga largos folga folgado folgada",
    "macio": "macio macia amaciar amacia lacear duro dura machuca machucando machucar confortavel",
    "luz": "luz luzes led acende acendem acender brilha pisca iluminado",
    "roubo": "roubo roubado roubada roubaram furto furtado furtaram alarme",
    "quebrar": "quebrar quebra quebrado quebrada quebrou trincou trincado rachou rachado arrebentou estourou",
    "levar": "levar levo leva trazer traga trago traz trouxer",
    "caminhar": "andar anda andando caminhar caminha passos passo",
    "esquentar": "esquentar esquenta esquento aquecer aquece aqueca requentar micro microondas forno fogao",
    "congelado": "congelado congelada congelados congeladas congelar freezer gelo descongelar",
    "chuva": "chuva chuvas chove chover chovendo choveu molhar molhado agua",
    # people and animals
    "crianca": "crianca criancas infantil infantis bebe bebes filho filha filhos filhas menino menina meninos garoto"
    " garota kids guri guria neto neta nenem",
    "cadeirabebe": "cadeirao cadeiroes cadeira cadeirinha",
    "idoso": "idoso idosa idosos avo avos vo vovo terceira",
    "adulto": "adulto adulta adultos grande",
    "animal": "animal animais pet pets bicho bichos",
    "cachorro": "cachorro cachorros cachorra cadela cadelas cao caes canino dog dogs doguinho cachorrinho",
    "gato": "gato gatos gata gatas felino felinos",
    "grupo": "grupo grupos turma galera excursao",
    # food and health, as any business may be asked
    "gluten": "gluten celiaco celiaca celiacos trigo",
    "lactose": "lactose laticinio laticinios leite manteiga queijo",
    "alergia": "alergia alergias alergico alergica alergicos alergeno alergenos alergenico alergenicos intolerancia"
    " intolerante intolerantes restricao restricoes",
    "vegano": "vegano vegana veganos veganas vegan vegetariano vegetariana vegetarianos",
    "comida": "comida comidas comer come alimento alimentos refeicao refeicoes prato pratos rango",
    "alcool": "alcool alcoolica alcoolicas alcoolico cerveja cervejas breja chope vinho vinhos caipirinha drink",
    "bebida": "bebida bebidas beber suco sucos refrigerante refrigerantes coca guarana",
    "doce": "doce doces sobremesa sobremesas docinho",
    "salgado": "salgado salgados salgadinho salgadinhos coxinha coxinhas",
    "talher": "talher talheres garfo garfos faca facas colher colheres guardanapo descartavel descartaveis",
    "avontade": "vontade rodizio livre bufe buffet self",
    "salsodio": "sal sodio hipertenso hipertensa pressao",
    "acucar": "acucar diabetico diabetica diabeticos diabetes diet adocante",
    "calorias": "caloria calorias kcal calorico",
    "dieta": "dieta dietas fit light emagrecer nutricionista saudavel",
    "acompanhamento": "acompanhamento acompanhamentos guarnicao guarnicoes",
    "semcarne": "carne carnes proteina",
    "sobra": "sobra sobras sobrar sobrou resto restos",
    "cardapio": "cardapio cardapios menu opcao opcoes lista catalogo",
    "remedio": "remedio remedios medicamento pomada",
    "dor": "dor dores machucado",
    # whatever a business does
    "inicio": "inicio comecar comeca comecam comecando iniciar inicia iniciam iniciante iniciantes",
    "fim": "fim final terminar termina terminam acabar acaba acabam encerramento",
    "idade": "idade idades anos menor menores maior maiores",
    "equipe": "equipe profissional profissionais especialista especialistas tecnico tecnica funcionario funcionarios"
    " atendente",
    "consulta": "consulta consultas avaliacao avaliar avaliam exame diagnostico",
    "sessao": "sessao sessoes",
    "multa": "multa multas penalidade",
    "verificar": "verificar verifica conferir confere conferido checar check checagem",
    "emergencia": "emergencia emergencias plantao socorro urgencia",
    "pronto": "pronto pronta prontos prontas ficam",
    "provar": "provar prova provo experimentar experimenta experimental teste testar testam amostra amostras",
    "casa": "casa residencia domicilio domiciliar",
    "regiao": "regiao regioes bairro bairros cidade cidades",
    "distancia": "distancia km quilometro quilometros longe perto",
    "novidade": "novidade novidades lancamento lancamentos colecao",
    "diferenca": "diferenca diferencas diferente diferentes comparar",
    "regra": "regra regras norma normas politica obrigatorio obrigatoria exige exigem exigencia permitido proibido",
    "convenio": "convenio convenios plano planos",
    "avisar": "avisar avisa avisam aviso avisos avisem comunicar notificacao",
    "aceitar": "aceita aceitam aceitamos aceitar recebe recebem recebemos passa passam passamos",
}
"""Concept → the words that mean it, in any form that the stemmer does not bring together."""
