"""Every action that the code writes into the audit log has words, and can be found by them."""

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from portal_app.billing.statuses import SubscriptionStatus
from portal_app.build import ROOT
from portal_app.commands.catalog_rows import NOUNS
from portal_app.commands.subscriptions import Cancellation
from portal_app.ui.operator.audit_actions import ACTIONS

BUILT = {
    "_word(type(row))": [noun.lower().replace(" ", "_") for noun in NOUNS.values()],
    "when": list(Cancellation),
    "row.subscription_status": [SubscriptionStatus.ACTIVE, SubscriptionStatus.TRIALING, SubscriptionStatus.CANCELLED],
}
"""What stands in the braces of actions that are put together when they are written."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_every_action_that_is_written_has_words_and_every_word_an_action():
    assert written() == set(ACTIONS)


def test_no_two_actions_have_the_same_words():
    assert len(set(ACTIONS.values())) == len(ACTIONS)


def written() -> set[str]:
    """Return every action that some call in the code hands on to the audit log."""
    trees = {path: ast.parse(path.read_text()) for path in (ROOT / "portal_app").rglob("*.py")}
    places = {path: dict(_takers(tree)) for path, tree in trees.items()}
    shared = places[ROOT / "portal_app/commands/audit.py"]
    found = set()
    for path, tree in trees.items():
        takers = shared | places[path]
        for function in ast.walk(tree):
            if isinstance(function, Function):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call):
                        found |= {text for handed in _handed(call, takers) for text in _texts(handed, function, path)}
    return found


def _takers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the functions that take an action, and where: its place, or -1 where it goes by its name."""
    for function in tree.body:
        if isinstance(function, Function):
            names = [one.arg for one in function.args.args]
            if "action" in names:
                yield function.name, names.index("action")
            elif "action" in [one.arg for one in function.args.kwonlyargs]:
                yield function.name, -1


def _handed(call: ast.Call, takers: dict[str, int]) -> list[ast.expr]:
    """Return what a call hands on as the action: itself, or as the database's `write` and the page's `do` call."""
    arguments = [call.func, *call.args]
    for at, name in enumerate(arguments):
        if isinstance(name, ast.Name) and name.id in takers and at < 2:
            place = takers[name.id]
            if place < 0:
                return [one.value for one in call.keywords if one.arg == "action"]
            rest = call.args if at == 0 else [name, *call.args[at:]]  # the session is the one who calls' to give
            return [rest[place]]
    return []


def _texts(value: ast.expr, function: Function, path: Path) -> set[str]:
    """Return what an expression may say."""
    if isinstance(value, ast.Constant):
        return {str(value.value)}
    if isinstance(value, ast.IfExp):
        return _texts(value.body, function, path) | _texts(value.orelse, function, path)
    if isinstance(value, ast.JoinedStr):
        parts = [
            BUILT[ast.unparse(part.value)] if isinstance(part, ast.FormattedValue) else [ast.literal_eval(part)]
            for part in value.values
        ]
        return {"".join(map(str, one)) for one in product(*parts)}
    assert isinstance(value, ast.Name), f"{path}: what does {ast.unparse(value)} say?"
    if value.id in [one.arg for one in (*function.args.args, *function.args.kwonlyargs)]:
        return set()  # whoever calls this function says it
    said = [given for given in ast.walk(function) if isinstance(given, ast.Assign)]
    return {text for one in said for part in _given(one, value.id) for text in _texts(part, function, path)}


def _given(assign: ast.Assign, name: str) -> Iterator[ast.expr]:
    target, value = assign.targets[0], assign.value
    pairs = (
        zip(target.elts, value.elts, strict=True)
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        else [(target, value)]
    )
    for one, given in pairs:
        if isinstance(one, ast.Name) and one.id == name:
            yield given
