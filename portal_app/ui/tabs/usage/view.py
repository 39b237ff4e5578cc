"""Where the parts of Usage stand."""

import reflex as rx

from portal_app.texts import gettext as _
from portal_app.ui.components.sections import answered, card, card_head, failure, link, missing, text_or_missing
from portal_app.ui.components.shown import if_shown
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
        if_shown("usage.usage_graph", _graph()),
        if_shown(
            "usage.usage_breakdown",
            rx.cond(
                ~UsageState.is_loaded
                | (UsageState.failed != "")
                | (UsageState.breakdown["rows"].length() > 0)
                | (UsageState.breakdown["notes"].length() > 0),
                _breakdown(),
            ),
        ),
    )


def _graph() -> rx.Component:
    return usage_graph(
        UsageState.card,
        UsageState.ranges,
        UsageState.views,
        _export(_("Export the graph as CSV"), UsageState.export_series),
        loading=~UsageState.is_loaded,
        dimmed=UsageState.is_dimmed,
        failed=UsageState.failed,
        retry=UsageState.load,
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
            answered(~UsageState.is_loaded, UsageState.failed, _content(), "320px", UsageState.load),
            class_name=rx.cond(UsageState.is_dimmed, "dimmed", ""),
            aria_busy=rx.cond(UsageState.is_dimmed, "true", "false"),
        ),
    )


def _content() -> rx.Component:
    shown = UsageState.breakdown
    return rx.fragment(
        rx.cond(shown["rows"].length() > 0, _table()),
        rx.foreach(shown["notes"], lambda note: rx.el.p(note, class_name="label")),
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
        _events(row["events"], row["counted"]),
        _cost(row["cost"], row["exact_cost"]),
        class_name="opens " + row["kind"].to(str),
    )
    return rx.fragment(line, rx.cond(UsageState.why["id"] == row["id"], _explanation()), key=row["id"])


def _events(number: rx.Var[str], counted: rx.Var[str]) -> rx.Component:
    return rx.el.td(
        rx.el.span(number, class_name="hide-s"), rx.el.span(counted, class_name="only-s"), class_name="num c-events"
    )


def _cost(cost: rx.Var[str], exact_cost: rx.Var[str]) -> rx.Component:
    return rx.el.td(rx.cond(cost != "", rx.el.span(cost, title=exact_cost), missing()), class_name="num c-amount")


def _total() -> rx.Component:
    shown = UsageState.breakdown
    return rx.el.tr(
        rx.el.th(_("Total"), scope="row", class_name="c-main"),
        rx.el.td(class_name="c-usage"),
        _events(shown["events"], shown["counted"]),
        _cost(shown["total"], shown["exact_total"]),
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
