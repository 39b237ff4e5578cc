"""Customers as the operator's list words them."""

from decimal import Decimal

import cast
import pytest

from portal_app.billing.money import Money
from portal_app.billing.statuses import RecordStatus
from portal_app.display import make_display
from portal_app.queries.customer_list import ListedCustomer
from portal_app.ui.operator.customers.words import balance_words

USD, EUR = Money(Decimal("43.42"), "usd"), Money(Decimal(1), "eur")


@pytest.mark.parametrize(
    ("balances", "frozen", "words"),
    [((EUR, USD), (USD,), "€1.00 + $43.42"), ((), (USD,), "$43.42 (frozen)"), ((), (), "")],
)
def test_what_is_frozen_is_shown_with_the_word_where_nothing_else_is_there(balances, frozen, words):
    customer = ListedCustomer(
        "cust_1", "acme", "Acme", "", RecordStatus.PUBLISHED, "UTC", cast.NOW, balances, frozen, (), None
    )
    assert balance_words(customer, make_display("en_US", "UTC")) == words
