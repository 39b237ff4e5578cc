"""Every noun a directory may hold, in the order in which they are loaded: what is referred to comes first."""

from portal_app.imports.columns import Noun
from portal_app.imports.maps.catalog import PLANS, PRICES
from portal_app.imports.maps.customers import CUSTOMERS
from portal_app.imports.maps.invoices import INVOICES, LINE_ITEMS, PAYMENTS
from portal_app.imports.maps.subscriptions import SUBSCRIPTIONS
from portal_app.imports.maps.usage import ENTITLEMENTS, EVENTS, FEATURES, GROUPS, METERS
from portal_app.imports.maps.wallets import GRANTS, TRANSACTIONS, WALLETS

_IN_ORDER = (
    CUSTOMERS, GROUPS, METERS, FEATURES, PLANS, PRICES, SUBSCRIPTIONS, ENTITLEMENTS, WALLETS, INVOICES, LINE_ITEMS,
    PAYMENTS, GRANTS, TRANSACTIONS, EVENTS,
)  # fmt: skip

NOUNS: dict[str, Noun] = {noun.name: noun for noun in _IN_ORDER}
"""The maps by name, which is also the name of the file."""
