"""Load invoices whole: each with its lines and payments, so that its sums can be checked and filled in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from portal_app.billing.money import plain
from portal_app.commands.external_rows import find_numbers, find_parts, find_rows, hold_invoices
from portal_app.imports.columns import Noun, Objection
from portal_app.imports.invoice_bundle import Bundle
from portal_app.imports.invoice_parts import (
    Part,
    line_objections,
    number_lines,
    parts_of,
    payment_objections,
    sum_lines,
    sum_payments,
)
from portal_app.imports.nouns import INVOICES, LINE_ITEMS, PAYMENTS
from portal_app.imports.problems import quoted
from portal_app.imports.run import Run
from portal_app.imports.scratch import StagedRow
from portal_app.models.invoice import Invoice, LineItem, Payment


def load_invoices(run: Run) -> None:
    """Add and change invoices with their lines and payments; finalised ones only in what their payments say."""
    total, done = run.scratch.count(INVOICES), 0
    for batch in run.scratch.batches(INVOICES):
        _load_batch(run, {row.key: row for row in batch})
        done += len(batch)
        run.advance(INVOICES, done, total)
    for keys in run.scratch.strangers(INVOICES, (LINE_ITEMS, PAYMENTS)):
        _load_batch(run, dict.fromkeys(keys))


def _load_batch(run: Run, rows: dict[str, StagedRow | None]) -> None:
    targets = run.resolve(INVOICES, [row for row in rows.values() if row])
    bundles = [bundle for bundle in _bundles(run, rows) if _exists(run, bundle)]
    for bundle in bundles:
        bundle.work_out(targets)
        _check_parts(run, bundle)
    _check_numbers(run, [bundle for bundle in bundles if bundle.row and bundle.values["number"]])
    for bundle in bundles:
        if bundle.row:
            run.refuse(bundle.row, _named(bundle, bundle.objections(targets)))
        else:
            _check_stored(run, bundle)
    sound = [bundle for bundle in bundles if _is_sound(bundle)]
    if hold_invoices(run.session, [bundle.stored for bundle in sound if bundle.stored and bundle.changes]):
        _store(run, sound)
    else:  # somebody has paid one since it was read, or made it void
        run.session.expire_all()
        _load_batch(run, rows)


def _bundles(run: Run, rows: dict[str, StagedRow | None]) -> Iterator[Bundle]:
    session, scratch = run.session, run.scratch
    stored = find_rows(session, Invoice, rows.keys())
    ids = {key: invoice.id or 0 for key, invoice in stored.items()}
    lines, payments = scratch.children(LINE_ITEMS, rows), scratch.children(PAYMENTS, rows)
    known_lines = find_rows(session, LineItem, _keys(lines.values()))
    known_payments = find_rows(session, Payment, _keys(payments.values()))
    old_lines = find_parts(session, LineItem, ids.values())
    old_payments = find_parts(session, Payment, ids.values())
    for key, row in rows.items():
        yield Bundle(
            key,
            row,
            stored.get(key),
            parts_of(LINE_ITEMS, lines.get(key, []), known_lines, old_lines.get(ids.get(key, 0), [])),
            parts_of(PAYMENTS, payments.get(key, []), known_payments, old_payments.get(ids.get(key, 0), [])),
            is_whole=scratch.lossy.isdisjoint({LINE_ITEMS.name, PAYMENTS.name}),
        )


def _keys(rows: Iterable[list[StagedRow]]) -> list[str]:
    return [row.key for of_one in rows for row in of_one]


def _is_sound(bundle: Bundle) -> bool:
    return bundle.adds_up and not (bundle.row and bundle.row.bad)


def _named(bundle: Bundle, objections: Iterable[Objection]) -> Iterator[Objection]:
    return ((column, f"invoice {quoted(bundle.key)}: {sentence}") for column, sentence in objections)


def _exists(run: Run, bundle: Bundle) -> bool:
    if bundle.row:
        return not bundle.row.bad
    if bundle.stored is None and INVOICES.name not in run.scratch.lossy:
        for row in [row for row in bundle.brought if not row.bad]:
            run.refuse(row, [("invoice", f"there is no invoice {quoted(bundle.key)}")])
    return bundle.stored is not None


def _check_parts(run: Run, bundle: Bundle) -> None:
    currency = bundle.values["currency"]
    for line in bundle.lines:
        if line.row and not line.row.bad:
            run.refuse(line.row, line_objections(line, bundle.stored, currency, is_final=bundle.is_final))
    for payment in bundle.payments:
        if payment.row and not payment.row.bad:
            run.refuse(payment.row, payment_objections(payment, bundle.stored, currency))
    for line, objection in number_lines(bundle.kept_lines):
        if line.row:
            run.refuse(line.row, [objection])


def _check_numbers(run: Run, bundles: list[Bundle]) -> None:
    pairs = {bundle.key: (bundle.values["customer_id"], bundle.values["number"]) for bundle in bundles}
    holders = find_numbers(run.session, pairs.values())
    for bundle in bundles:
        holder = holders.setdefault(pairs[bundle.key], bundle.key)
        if bundle.row and holder != bundle.key:
            sentence = f"{bundle.values['number']} is the number of this customer's invoice {quoted(holder)}"
            run.refuse(bundle.row, [("number", sentence)])


def _check_stored(run: Run, bundle: Bundle) -> None:
    """Refuse lines and payments that no longer agree with an invoice that this run does not bring."""
    if not bundle.adds_up:
        return
    lines, receipts = sum_lines(bundle.kept_lines), sum_payments(bundle.payments)
    for noun, name, found in ((LINE_ITEMS, "subtotal", lines.amount), (PAYMENTS, "amount_paid", receipts.received)):
        rows = [row for row in bundle.brought if row.source.noun is noun]
        if rows and found != bundle.values[name]:
            known = f"{name} of the invoice {quoted(bundle.key)} is {plain(bundle.values[name])}"
            sentence = f"with this row they come to {plain(found)}, but {known}: bring its row in invoices, too"
            run.refuse(rows[-1], [("amount", sentence)])


def _store(run: Run, bundles: list[Bundle]) -> None:
    invoices = [_store_invoice(run, bundle) for bundle in bundles]
    run.session.flush()
    for bundle, invoice in zip(bundles, invoices, strict=True):
        _make_room(run, bundle)
        for line in bundle.kept_lines:
            _store_part(run, LINE_ITEMS, line, invoice)
        for payment in bundle.payments:
            _store_part(run, PAYMENTS, payment, invoice)
    run.session.flush()


def _store_invoice(run: Run, bundle: Bundle) -> Invoice:
    if bundle.stored is None:
        values = bundle.values | {"created_at": bundle.values["issued_at"]}
        added = cast(Invoice, run.new(INVOICES, bundle.key, values))
        run.note(INVOICES, added, is_new=True, has_changed=False)
        return added
    if bundle.row:
        run.note(INVOICES, bundle.stored, is_new=False, has_changed=run.change(bundle.stored, bundle.values))
    return bundle.stored


def _make_room(run: Run, bundle: Bundle) -> None:
    """Take away a draft's lines that are gone, and vacate the positions of those that move."""
    kept = {line.stored.id for line in bundle.kept_lines if line.stored}
    gone = [line.stored for line in bundle.lines if line.stored and line.stored.id not in kept]
    moving = [
        line.stored for line in bundle.kept_lines if line.stored and line.stored.position != line.values["position"]
    ]
    for line in gone:
        run.session.delete(line)
    for line in moving:
        line.position = -(line.id or 0)
    if gone or moving:
        run.session.flush()


def _store_part(run: Run, noun: Noun, part: Part[LineItem] | Part[Payment], invoice: Invoice) -> None:
    if part.row is None:
        return
    if part.stored:
        run.note(noun, part.stored, is_new=False, has_changed=run.change(part.stored, part.values))
    else:
        owner = {"customer_id": invoice.customer_id, "invoice_id": invoice.id}
        values = {"created_at": invoice.issued_at} | part.values | owner
        run.note(noun, run.new(noun, part.row.key, values), is_new=True, has_changed=False)
