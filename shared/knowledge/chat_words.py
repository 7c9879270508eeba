"""How Brazilians shorten words in chats, the words that only fill a sentence, and numbers written as words.

General lists without accents, as `portuguese.fold` leaves them; they belong to `portuguese.CONFIGURATION`.
"""

from typing import Final

_SHORT: Final = """
    q=que oq=que pq=porque pke=porque qm=quem qd=quando qdo=quando qnd=quando qndo=quando qto=quanto qnto=quanto
    qtos=quantos qnts=quantos qta=quanta qtas=quantas qt=quanto ql=qual nn=nao naum=nao
    ss=sim p=para pra=para pro=para cm=com vc=voce vcs=voces ce=voce ces=voces oce=voce tb=tambem
    tbm=tambem tmb=tambem mto=muito mta=muita mt=muito mtos=muitos hj=hoje amn=amanha amnh=amanha amh=amanha
    ont=ontem dps=depois dp=depois agr=agora blz=certo bjs=obrigado msm=mesmo msg=mensagem mds=nossa cmg=comigo
    ctg=contigo td=tudo tds=todos tdo=tudo sab=sabado seg=segunda qua=quarta qui=quinta
    sex=sexta dom=domingo aki=aqui kd=onde cade=onde kade=onde add=adicionar ender=endereco
    tel=telefone cel=celular num=numero nro=numero nr=numero mins=minutos hr=hora hrs=horas pgto=pagamento
    pgt=pagamento pag=pagamento cart=cartao deb=debito cred=credito din=dinheiro grana=dinheiro
    niver=aniversario aniver=aniversario facul=faculdade ap=apartamento apto=apartamento apt=apartamento
    refri=refrigerante churras=churrasco promo=promocao desc=desconto zap=whatsapp wpp=whatsapp whats=whatsapp
    zapzap=whatsapp insta=instagram obs=observacao info=informacao orc=orcamento
    pila=reais pilas=reais vlr=valor
    vlor=valor prod=produto tam=tamanho qtd=quantidade qtde=quantidade kilo=quilo kilos=quilos
    mlk=menino
"""
SHORT_FOR: Final = dict(pair.split("=") for pair in _SHORT.split())
"""Short form → the word it stands for."""

FILLERS: Final = frozenset(
    """
    seguinte seguintes dai dais amigao querida querido cara mano mana meninas rapaz viu neh hem
    eita uai ue vish poxa puxa alias enfim realmente geralmente normalmente certinho certinha rapidao beleza joia show
    valeu tranquilo tavam tive teve tiver tivesse achei achava pensei pensando imagino espero quis quiser querendo vamo
    indo fui fomos vim viemos conseguiria consegui podia podiam deu dava daria darei desse fiz fez fariam
    faria fazia fazendo saberia sabia sei soube perguntar perguntando pergunto respondeu responde respondem responder
    acabei comecei peguei vi viram vendo ouvi disse disseram falou falaram falei lembro negocio negocios trem parada
    esquema tanto tanta tantos exatamente certeza verdade serio inclusive ultima ultimo passada passado proxima proximo
    retrasada alem enquanto moro morava morando ficou ficaria ficava virou aconteceu continua continuam agradeco
    """.split()  # noqa: SIM905 -- read as prose
)
"""Words that only fill a customer's sentence: like the silent ones of the vocabulary, they count nothing."""

_NUMBERS: Final = """
    dois=2 duas=2 tres=3 quatro=4 cinco=5 seis=6 sete=7 oito=8 nove=9 dez=10 onze=11 doze=12 treze=13
    quatorze=14 catorze=14 quinze=15 dezesseis=16 dezessete=17 dezoito=18 dezenove=19 vinte=20 trinta=30 quarenta=40
    cinquenta=50 sessenta=60 setenta=70 oitenta=80 noventa=90 cem=100 duzentos=200 trezentos=300 quinhentos=500
"""
NUMBERS: Final = dict(pair.split("=") for pair in _NUMBERS.split())
"""A number's word → its digits ("uma" and "um" are articles)."""
