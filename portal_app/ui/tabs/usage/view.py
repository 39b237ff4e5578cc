"""Where the parts of Usage stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.sections import answered, card, card_head, failure, link, text_or_missing
from portal_app.ui.components.sort_heads import sorting_head
from portal_app.ui.components.usage_card import usage_freshness, usage_graph
from portal_app.ui.tabs.usage.breakdown import GROUP, BreakdownRow
from portal_app.ui.tabs.usage.explanation import ChargeRow
from portal_app.ui.tabs.usage.state import UsageState


def usage() -> rx.Component:
    """Draw Usage: until when it is known, the graph, the breakdown."""
    return rx.fragment(
        rx.el.h1(_("Usage"), class_name="sr-only"),
        usage_freshness(UsageState.freshness, UsageState.load),
        usage_graph(
            UsageState.card,
            UsageState.ranges,
            UsageState.views,
            _export(_("Export the graph as CSV"), UsageState.export_series),
            loading=~UsageState.is_loaded,
            dimmed=UsageState.is_dimmed,
            failed=UsageState.failed,
            retry=UsageState.load,
        ),
        rx.cond(
            ~UsageState.is_loaded | (UsageState.failed != "") | (UsageState.breakdown["rows"].length() > 0),
            _breakdown(),
        ),
    )


def _export(name: str, export: rx.event.EventHandler) -> rx.Component:
    button = rx.el.button(_("Export CSV"), type="button", class_name="ghost", aria_label=name, on_click=export)
    return rx.cond(UsageState.breakdown["rows"].length() > 0, button)


def _breakdown() -> rx.Component:
    return card(
        card_head(
            _("Usage Breakdown"),
            rx.el.span(class_name="spacer"),
            _export(_("Export the breakdown as CSV"), UsageState.export_breakdown),
        ),
        rx.el.div(
            answered(~UsageState.is_loaded, UsageState.failed, _table(), "320px", UsageState.load),
            class_name=rx.cond(UsageState.is_dimmed, "dimmed", ""),
            aria_busy=rx.cond(UsageState.is_dimmed, "true", "false"),
        ),
    )


def _table() -> rx.Component:
    shown = UsageState.breakdown
    return rx.fragment(
        rx.el.table(
            rx.el.thead(
                rx.el.tr(
                    sorting_head(_("Feature"), shown["by_name"]),
                    rx.el.th(_("Total Usage"), scope="col", class_name="num"),
                    sorting_head(_("Events"), shown["by_events"], "num"),
                    sorting_head(_("Total Cost"), shown["by_cost"], "num"),
                )
            ),
            rx.el.tbody(rx.foreach(shown["rows"], _row), _total()),
            class_name="rows breakdown",
        ),
        rx.el.p(
            _("Estimated until invoiced, before taxes and discounts. A dash means that no price applies."),
            class_name="label",
        ),
        rx.foreach(shown["notes"], lambda note: rx.el.p(note, class_name="label")),
    )


def _row(row: rx.Var[BreakdownRow]) -> rx.Component:
    name = link(
        rx.cond(row["kind"] == GROUP, rx.el.span(class_name="fold", aria_hidden="true")),
        rx.cond(row["swatch"] != "", rx.el.span(class_name=row["swatch"], aria_hidden="true")),
        row["name"],
        to=row["to"],
        replace=True,
        prevent_scroll_reset=True,
        class_name="cover",
        title=row["label"],
        custom_attrs={"aria-expanded": rx.cond(row["is_open"], "true", "false")},
    )
    line = rx.el.tr(
        rx.el.td(name, class_name="c-main"),
        rx.el.td(text_or_missing(row["usage"]), class_name="num c-usage"),
        rx.el.td(row["events"], rx.el.span(" ", _("events"), class_name="only-s"), class_name="num c-events"),
        rx.el.td(
            rx.cond(row["cost"] != "", rx.el.span(row["cost"], title=row["exact_cost"]), text_or_missing(row["cost"])),
            class_name="num c-amount",
        ),
        class_name="opens " + row["kind"].to(str),
    )
    return rx.fragment(line, rx.cond(row["is_open"] & (row["kind"] != GROUP), _explanation()), key=row["id"])


def _total() -> rx.Component:
    shown = UsageState.breakdown
    return rx.el.tr(
        rx.el.th(_("Total"), scope="row", class_name="c-main"),
        rx.el.td(class_name="c-usage"),
        rx.el.td(shown["events"], rx.el.span(" ", _("events"), class_name="only-s"), class_name="num c-events"),
        rx.el.td(
            rx.cond(
                shown["total"] != "",
                rx.el.span(shown["total"], title=shown["exact_total"]),
                text_or_missing(shown["total"]),
            ),
            class_name="num c-amount",
        ),
        class_name="total",
    )


def _explanation() -> rx.Component:
    why = UsageState.why
    charges = rx.el.dl(
        rx.foreach(why["charges"], _charge),
        rx.el.div(rx.el.dt(_("Exactly")), rx.el.dd(why["total"]), class_name="fact total"),
        class_name="facts",
    )
    return rx.el.tr(
        rx.el.td(
            rx.cond(
                why["problem"] != "",
                failure(why["problem"], UsageState.load),
                rx.fragment(
                    rx.el.p(why["quantity"]),
                    rx.el.p(why["events"], class_name="muted"),
                    rx.cond(
                        why["total"] != "",
                        charges,
                        rx.el.p(_("No price of your subscriptions applies to it: it is listed, and costs nothing.")),
                    ),
                    rx.cond(why["rounding"] != "", rx.el.p(why["rounding"], class_name="muted")),
                ),
            ),
            col_span=4,
        ),
        class_name="why",
    )


def _charge(charge: rx.Var[ChargeRow]) -> rx.Component:
    return rx.el.div(
        rx.el.dt(charge["product"], rx.cond(charge["note"] != "", rx.el.small(charge["note"]))),
        rx.el.dd(charge["amount"]),
        class_name="fact",
    )
