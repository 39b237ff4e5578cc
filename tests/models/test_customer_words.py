"""The words a customer is found by follow the customer, whoever writes it."""

import pytest
from sqlmodel import col, select

from portal_app.models.customer import Customer, CustomerWord, words_of


def kept(session, customer):
    statement = select(CustomerWord.word).where(CustomerWord.customer_id == customer)
    return list(session.exec(statement.order_by(col(CustomerWord.word))))


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("Acme Corp",), ["acme", "corp"]),
        (("ACME-7",), ["7", "acme", "acme-7"]),
        (("Straße Ö",), ["strasse", "ö"]),
        (("ada@acme.example",), ["acme", "ada", "ada@acme.example", "example"]),
        (("", " "), []),
        (("x" * 100,), ["x" * 80]),
    ],
)
def test_texts_are_cut_into_words(texts, words):
    assert words_of(*texts) == words


def test_a_new_customer_has_its_words(session, acme):
    assert kept(session, acme) == ["acme", "corp"]


def test_a_changed_customer_has_its_new_ones_alone(session, acme):
    row = session.get_one(Customer, acme)
    row.name, row.email = "Acme Ltd", "ada@acme.example"
    session.add(row)
    session.flush()
    assert kept(session, acme) == ["acme", "ada", "ada@acme.example", "example", "ltd"]


def test_every_customer_has_its_own(session, acme, globex):
    assert kept(session, globex) == ["globex"]
    assert kept(session, acme) == ["acme", "corp"]
