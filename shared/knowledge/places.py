"""Where in Brazil a place is, so that a question about Manaus finds the freight of the north, and what lies abroad.

States and their capitals by region, as the IBGE divides the country, and the largest other cities; countries that
customers name. Written as `portuguese.fold` leaves them; of a name in several words the one that tells it apart.
"""

from typing import Final

REGIONS: Final = {
    "nordeste": "nordeste nordestino",
    "norte": "norte",
    "centrooeste": "oeste centrooeste",
    "sudeste": "sudeste",
    "sul": "sul",
    "exterior": "exterior internacional internacionais estrangeiro",
    "brasil": "brasil pais nacional nacionais brasileiro",
}
"""Region → the words that name it."""

PLACES: Final = {
    "nordeste": "alagoas maceio bahia salvador ceara fortaleza maranhao paraiba pernambuco recife piaui teresina"
    " sergipe aracaju petrolina caruaru mossoro ilheus",
    "norte": "acre amapa macapa amazonas manaus belem rondonia roraima tocantins palmas santarem ananindeua maraba",
    "centrooeste": "goias goiania cuiaba brasilia anapolis rondonopolis dourados",
    "sudeste": "paulo sp rj minas mg belo bh vitoria campinas santos guarulhos sorocaba ribeirao uberlandia niteroi",
    "sul": "parana curitiba pr catarina sc florianopolis floripa alegre poa londrina maringa joinville blumenau caxias"
    " pelotas",
    "exterior": "portugal lisboa eua usa miami orlando argentina paraguai uruguai chile espanha italia franca alemanha"
    " inglaterra londres japao china angola mocambique canada mexico bolivia peru colombia europa",
}
"""Region → places in it. A question about one may be answered by what is said of its region, or of all Brazil."""
