"""Where the parts of Import stand."""

from __future__ import annotations

import reflex as rx

from portal_app.imports.background import Stage
from portal_app.imports.uploads import MAX_BYTES, MAX_FILES
from portal_app.texts import gettext as _
from portal_app.ui.components.file_link import file_link
from portal_app.ui.components.sections import card, card_head, skeleton, text_or_missing
from portal_app.ui.operator.gate import Desk
from portal_app.ui.operator.imports.rows import FileRow, NounRow, ProblemRow
from portal_app.ui.operator.imports.state import FRESH, ImportState

GIGABYTE = 2**30


def imports() -> rx.Component:
    """Draw the way to send files up, then whatever stage they are at."""
    state = ImportState
    refused = rx.cond(state.refused != "", rx.el.p(state.refused, class_name="notice after", role="alert"))
    page = rx.match(
        state.stage,
        (FRESH, _files()),
        (Stage.SENDING.value, _files()),
        (Stage.CHECKED.value, _good()),
        (Stage.REFUSED.value, _bad()),
        (Stage.LOADED.value, _loaded()),
        (Stage.FAILED.value, _failed()),
        _at_work(),
    )
    return rx.fragment(
        rx.el.h1(_("Import"), class_name="sr-only"),
        rx.cond(
            Desk.may_change,
            rx.cond(state.is_loaded, rx.fragment(page, refused), skeleton("260px")),
            card(card_head(_("Import")), rx.el.p(_("Only an admin may import files."), class_name="muted after")),
        ),
    )


def _files() -> rx.Component:
    words = _("At most {files} files and {size} GB together").format(files=MAX_FILES, size=MAX_BYTES // GIGABYTE)
    choose = rx.el.label(
        _("CSV or JSON Lines, one file a noun, and mapping.toml if there is one"),
        rx.el.input(
            type="file",
            multiple=True,
            accept=".csv,.jsonl,.ndjson,.toml",
            class_name="field",
            custom_attrs={"data-upload-files": "/operator/forms/import"},
        ),
        rx.el.small(words),
    )
    return card(
        card_head(_("Import files")),
        rx.el.p(
            _("Everything is checked first, and nothing is loaded before you say so. "),
            _("Rows are loaded all or none; events follow. The same files again change nothing."),
            class_name="muted after",
        ),
        rx.el.div(
            choose,
            rx.el.p(class_name="label", role="status", custom_attrs={"data-upload-answer": ""}),
            rx.el.button(
                type="button", hidden=True, on_click=ImportState.check, custom_attrs={"data-uploaded": ""},
                aria_label=_("Check the files"),
            ),
            class_name="form",
        ),
    )  # fmt: skip


def _at_work() -> rx.Component:
    progress = ImportState.progress
    is_loading = ImportState.stage == Stage.LOADING.value
    return card(
        card_head(rx.cond(is_loading, _("Loading"), _("Checking"))),
        _who(),
        rx.el.div(
            rx.el.div(
                rx.el.span(rx.cond(progress["words"] != "", progress["words"], _("Starting\u2026"))),
                rx.el.span(class_name="spacer"),
                rx.el.span(progress["share"], " %"),
                class_name="row",
            ),
            rx.el.progress(value=progress["share"].to(str), max="100", aria_label=_("Share done")),
            rx.el.p(progress["rate"], class_name="label"),
            class_name="going",
        ),
        rx.el.p(_("This goes on if you close the page; come back to see how far it is."), class_name="muted after"),
        _file_list(),
    )


def _good() -> rx.Component:
    return card(
        card_head(_("Everything is in order")),
        _who(),
        rx.el.p(_("Nothing is loaded yet. This is what loading would do:"), class_name="after"),
        _noun_table(),
        rx.el.div(
            rx.el.button(_("Load"), type="button", class_name="primary", on_click=ImportState.load_files),
            _start_over(),
            class_name="row after",
        ),
        _file_list(),
    )


def _bad() -> rx.Component:
    heads = [rx.el.th(name, scope="col") for name in (_("File"), _("Line"), _("Column"), _("What is wrong"))]
    return card(
        card_head(
            ImportState.problem_count,
            rx.el.span(class_name="spacer"),
            file_link(_("Download all as CSV"), to=ImportState.report_to, class_name="ghost"),
        ),
        _who(),
        rx.el.p(_("Nothing was loaded. Correct the files and send all of them again."), class_name="after"),
        rx.el.table(
            rx.el.thead(rx.el.tr(*heads)),
            rx.el.tbody(rx.foreach(ImportState.problems, _problem)),
            class_name="rows problems",
        ),
        rx.el.div(_start_over(), class_name="row after"),
    )


def _loaded() -> rx.Component:
    return card(
        card_head(_("Everything is loaded")),
        _who(),
        _noun_table(),
        rx.el.div(_start_over(), class_name="row after"),
        _file_list(),
    )


def _failed() -> rx.Component:
    return card(
        card_head(_("This import did not end well")),
        _who(),
        rx.el.p(ImportState.failure, class_name="notice after", role="alert"),
        rx.el.div(_start_over(), class_name="row after"),
        _file_list(),
    )


def _who() -> rx.Component:
    return rx.el.p(ImportState.by, " \u00b7 ", ImportState.at, class_name="label")


def _start_over() -> rx.Component:
    return rx.el.button(_("Import other files"), type="button", class_name="ghost", on_click=ImportState.put_away)


def _file_list() -> rx.Component:
    return rx.el.details(
        rx.el.summary(_("Files")),
        rx.el.ul(rx.foreach(ImportState.files, _file)),
        class_name="past brought",
    )


def _file(file: rx.Var[FileRow]) -> rx.Component:
    return rx.el.li(rx.el.code(file["name"]), " ", rx.el.small(file["size"]))


def _problem(problem: rx.Var[ProblemRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(rx.el.code(problem["file"]), class_name="c-file"),
        rx.el.td(text_or_missing(problem["line"]), class_name="c-line"),
        rx.el.td(text_or_missing(problem["column"]), class_name="c-column"),
        rx.el.td(problem["sentence"], class_name="c-what"),
    )


def _noun_table() -> rx.Component:
    names = (_("New"), _("Changed"), _("As they were"))
    return rx.el.table(
        rx.el.thead(
            rx.el.tr(
                rx.el.th(_("What"), scope="col"),
                *(rx.el.th(name, scope="col", class_name="num") for name in names),
                rx.el.th(_("Also"), scope="col"),
            )
        ),
        rx.el.tbody(rx.foreach(ImportState.nouns, _noun)),
        class_name="rows nouns",
    )


def _noun(noun: rx.Var[NounRow]) -> rx.Component:
    return rx.el.tr(
        rx.el.td(rx.el.strong(noun["noun"]), class_name="c-main"),
        rx.el.td(text_or_missing(noun["added"]), class_name="num c-new", custom_attrs={"data-head": _("New")}),
        rx.el.td(text_or_missing(noun["changed"]), class_name="num c-num", custom_attrs={"data-head": _("Changed")}),
        rx.el.td(
            text_or_missing(noun["unchanged"]), class_name="num c-num", custom_attrs={"data-head": _("As they were")}
        ),
        rx.el.td(noun["more"], class_name="c-more"),
    )
