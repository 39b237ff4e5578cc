"""How the list words a customer."""

from __future__ import annotations

from portal_app.display import Display
from portal_app.queries.customer_list import ListedCustomer
from portal_app.texts import gettext as _


def balance_words(customer: ListedCustomer, display: Display) -> str:
    """Say what is left in its active wallets; where all of them are frozen, what is in those."""
    words = " + ".join(display.money(balance) for balance in customer.balances or customer.frozen)
    is_frozen = bool(customer.frozen) and not customer.balances
    return _("{amount} (frozen)").format(amount=words) if is_frozen else words
