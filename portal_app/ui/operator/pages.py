"""Which address shows which of the operator's pages. A new page is one line here."""

from collections.abc import Callable
from functools import wraps

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.operator.addresses import AUDIT, BRANDING, CUSTOMER, CUSTOMERS, EMBEDDING, IMPORT, KEYS
from portal_app.ui.operator.audit.state import AuditState
from portal_app.ui.operator.audit.view import audit
from portal_app.ui.operator.branding.state import BrandingState
from portal_app.ui.operator.branding.view import branding
from portal_app.ui.operator.customer.state import CustomerState
from portal_app.ui.operator.customer.view import customer
from portal_app.ui.operator.customers.state import CustomersState
from portal_app.ui.operator.customers.view import customers
from portal_app.ui.operator.embedding.state import EmbeddingState
from portal_app.ui.operator.embedding.view import embedding
from portal_app.ui.operator.gate import Desk, OperatorGate
from portal_app.ui.operator.imports.state import ImportState
from portal_app.ui.operator.imports.view import imports
from portal_app.ui.operator.keys.state import KeysState
from portal_app.ui.operator.keys.view import keys
from portal_app.ui.operator.shell import shell

__all__ = ["Desk", "OperatorGate", "add_operator_pages"]


def add_operator_pages(app: rx.App) -> None:
    """Register the operator's pages; each loads its data once the gate has let its event through."""
    for path, page, on_load in (
        (CUSTOMERS, customers, CustomersState.load),
        (CUSTOMER, customer, CustomerState.load),
        (AUDIT, audit, AuditState.load),
        (BRANDING, branding, BrandingState.load),
        (EMBEDDING, embedding, EmbeddingState.load),
        (IMPORT, imports, ImportState.load),
        (KEYS, keys, KeysState.load),
    ):
        follow = [ImportState.follow] if path == IMPORT else []
        app.add_page(_page(path, page), path, title=_("Operator"), on_load=[on_load, *follow, Desk.watch])


def _page(path: str, page: Callable[[], rx.Component]) -> Callable[[], rx.Component]:
    """Return a page inside its shell. It counts as the page's own function: Reflex makes a chunk for each module."""
    return wraps(page)(lambda: shell(path, page()))
