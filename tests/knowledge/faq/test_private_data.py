from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.knowledge.faq.private_data import private_data

PRIVATE = [
    ("cpf", "meu cpf é 529.982.247-25"),
    ("cpf", "52998224725"),
    ("cpf", "CPF 529 982 247 25"),
    ("cpf", "529982247-25 é o meu"),
    ("cpf", "cpf:111.222.333-44"),
    ("cnpj", "o CNPJ é 11.222.333/0001-81"),
    ("cnpj", "11222333000181"),
    ("cnpj", "cnpj 12.ABC.345/01DE-35"),
    ("cnpj", "12ABC34501DE35"),
    ("card", "o cartão é 4111 1111 1111 1111"),
    ("card", "5555-5555-5555-4444"),
    ("card", "378282246310005 validade 12/29"),
    ("email", "manda no ana.souza+loja@gmail.com"),
    ("email", "ana @ empresa.com.br"),
    ("email", "ana(at)empresa.com"),
    ("phone", "me liga no (11) 91234-5678"),
    ("phone", "+55 11 91234-5678"),
    ("phone", "5511912345678"),
    ("phone", "11912345678"),
    ("phone", "11 9 1234 5678"),
    ("phone", "(11)3333-4444"),
    ("phone", "3333-4444 é o fixo"),
    ("phone", "91234-5678"),
    ("phone", "011 91234.5678"),
    ("phone", "１１９１２３４５６７８"),  # noqa: RUF001 -- full-width digits
    ("cep", "entrega no 01310-100?"),
    ("cep", "cep 01310100"),
    ("cep", "CEP: 01.310-100"),
    ("address", "Entregam na Rua das Flores, 120?"),
    ("address", "av. Paulista 1578"),
    ("address", "Avenida Brasil, nº 45"),
    ("address", "moro em Pinheiros, entregam?"),
    ("address", "meu endereço é longe"),
    ("address", "apto 42"),
    ("address", "Bloco 3 do condomínio"),
    ("address", "Travessa do Comércio, número 9"),
    ("order", "cadê o pedido 48213?"),
    ("order", "pedido nº 771"),
    ("order", "Pedido #1234"),
    ("order", "é o #5521"),
    ("order", "protocolo 2024-118"),
    ("order", "rastreio AA123456789BR"),
    ("order", "nota fiscal 12345"),
    ("order", "código AB-9912"),
    ("order", "o número é 987654"),
    ("document", "RG 12.345.678-9"),
    ("document", "minha CNH é 1234"),
    ("document", "pix: 123e4567-e89b-12d3-a456-426614174000"),
    ("document", "agência 1234"),
    ("document", "nasci em 12/03/1990"),
    ("document", "o carro é ABC1D23"),
    ("name", "sou a Joana, vocês abrem domingo?"),
    ("name", "sou o Pedro"),
    ("name", "Meu nome é Marina"),
    ("name", "me chamo Íris Nóbrega"),
    ("name", "aqui é o João"),
    ("name", "Está no nome de Carlos"),
    ("name", "fale com a dona Maria"),
    ("name", "A Dra. Renata atende às terças"),
    ("name", "Oi, Ana! Abrimos às 8h."),
    ("name", "Bom dia Carlos, temos sim"),
    ("name", "Atenciosamente, Beatriz"),
]
PUBLIC = [
    "Abrimos de segunda a sábado, das 8h às 18h30.",
    "Das 08:00 às 18:00, e aos domingos até 13h",
    "O bolo de 2kg custa R$ 1.497,00 à vista ou 3x de R$ 499,00.",
    "Entrega em até 3 dias úteis; frete de R$ 8,00 acima de 5 km",
    "Trocas em até 30 dias com a etiqueta.",
    "Feriado de 25/12/2026: fechado.",
    "Temos do 36 ao 44.",
    "Ligue para o 0800 123 4567",
    "Aceitamos Pix, cartão de crédito e débito em até 10x.",
    "Pedido mínimo de R$ 40,00",
    "O pedido mínimo é 50 reais",
    "Faço encomenda com 2 dias de antecedência?",
    "Vocês emitem nota fiscal?",
    "Precisa de CPF na nota?",
    "Qual o código do produto?",
    "Sou celíaca, tem algo sem glúten?",
    "sou de Santos, entregam?",
    "Estacionamento para 20 carros",
    "Fica perto da Avenida Paulista?",
    "500 ml sai por 12,90",
    "Bom dia! Abrimos às 8h.",
    "Oi! Tudo bem? Sim, temos.",
    "Olá, Padaria Aurora informa: fechamos no Natal.",
    "10.000 seguidores e mais de 2.500 clientes",
    "De 12 a 15 de outubro",
    "Nossa casa atende 120 pessoas",
    "Parcelamos em 12x sem juros a partir de R$ 100",
    "Temos 1500 itens em estoque",
]


@pytest.mark.parametrize(("kind", "text"), PRIVATE)
def test_personal_data_is_seen_in_every_form_that_brazilians_write(kind: str, text: str) -> None:
    """K-07."""
    assert private_data(text) == kind


@pytest.mark.parametrize("text", PUBLIC)
def test_what_a_business_tells_everybody_is_not_private(text: str) -> None:
    assert private_data(text) is None


def test_a_name_that_is_known_counts_wherever_it_stands_with_a_capital() -> None:
    assert private_data("Claro que a Rosana pode trocar", names=["rosana lima"]) == "name"
    assert private_data("Temos em rosa e em azul", names=["Rosa"]) is None


@given(st.integers(0, 999_999_999))
def test_every_valid_cpf_is_seen_however_it_is_written(root: int) -> None:
    digits = f"{root:09d}"
    for _ in range(2):
        total = sum((len(digits) + 1 - place) * int(digit) for place, digit in enumerate(digits))
        digits += str(0 if total % 11 < 2 else 11 - total % 11)
    if len(set(digits)) == 1:
        return
    assert private_data(f"é {digits}")
    assert private_data(f"é {digits[:3]}.{digits[3:6]}.{digits[6:9]}-{digits[9:]}") == "cpf"


@given(st.text(max_size=300))
def test_any_text_can_be_looked_at(text: str) -> None:
    private_data(text, names=[text])
