"""What a search was understood as, one removable chip a term."""

from typing import TypedDict

from portal_app.queries.invoice_search import AmountTerm, DateTerm, InvoiceSearch, NumberTerm, StatusTerm, Term
from portal_app.texts import gettext as _
from portal_app.ui.addresses import INVOICES, address


class Chip(TypedDict):
    """One term: its words, and the address of the search without it."""

    label: str
    remove_to: str
    remove_label: str


def chips(search: InvoiceSearch, kept: dict[str, str]) -> list[Chip]:
    """Return a chip for each term, in the order typed."""
    return [
        Chip(
            label=(label := chip_label(term)),
            remove_to=address(INVOICES, **{**kept, "q": search.without(index)}),
            remove_label=_("Remove {filter}").format(filter=label),
        )
        for index, term in enumerate(search.terms)
    ]


def chip_label(term: Term) -> str:
    """Say how a term was understood."""
    match term:
        case StatusTerm():
            return _("status: {words}").format(words=term.text.lower())
        case AmountTerm():
            return _("amount: {words}").format(words=term.text)
        case DateTerm():
            return _("date: {words}").format(words=term.text)
        case NumberTerm(amount=None):
            return _("number: {words}").format(words=term.text)
        case NumberTerm():
            return _("number or amount: {words}").format(words=term.text)
