"""Whose data a query reads, that nothing near money is a float, and who asks the time: read from the code itself."""

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

import portal_app
from portal_app import queries
from portal_app.access.principal import CustomerId
from portal_app.database import Session

ROOT = Path(portal_app.__file__).parent
NOT_A_CUSTOMERS = ("_of_operator", "_of_anyone", "_embed_origins")
EXACT = ("billing", "queries", "commands")
BELOW_THE_FACES = ("access", "billing", "commands", "demo", "exports", "models", "queries", "display.py", "database.py")


def public_functions(package):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ == module.name and not name.startswith("_"):
                yield pytest.param(function, id=f"{module.name.rpartition('.')[2]}.{name}")


def hints(function):
    return inspect.get_annotations(function, eval_str=True)


@pytest.mark.parametrize("function", list(public_functions(queries)))
def test_a_query_takes_the_session_and_then_whose_data_it_is(function):
    parameters, types = list(inspect.signature(function).parameters), hints(function)
    if Session not in types.values():
        return  # without a session there is nothing it could read
    assert parameters[0] == "session"
    if not function.__name__.endswith(NOT_A_CUSTOMERS) and not function.__name__.startswith("all_"):
        assert parameters[1:2] == ["customer_id"]
        assert types["customer_id"] is CustomerId


def floats(path):
    """Where a file says `float` of a value, makes one, or writes one down; refusing one with isinstance is none."""
    for node in ast.walk(ast.parse(path.read_text())):
        annotated = [getattr(node, field, None) for field in ("annotation", "returns")]
        made = [node.func] if isinstance(node, ast.Call) else []
        said = [part for root in (*annotated, *made) if root for part in ast.walk(root) if isinstance(part, ast.Name)]
        is_literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if is_literal or any(name.id == "float" for name in said):
            yield f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("room", EXACT)
def test_no_float_comes_near_money(room):
    files = sorted((ROOT / room).rglob("*.py"))
    assert files
    assert [place for path in files for place in floats(path)] == []


def test_floats_are_found_where_they_are_declared_made_or_written(tmp_path):
    file = tmp_path / "rates.py"
    lines = [
        "def rate(amount: list[float]) -> object: ...",
        "def price() -> float | None: ...",
        "value: float",
        "value = float('1')",
        "tenth = 0.1",
        "assert not isinstance(value, float)",
    ]
    file.write_text("\n".join(lines))
    assert sorted(floats(file)) == [f"rates.py:{line}" for line in range(1, 6)]


def clock_readings(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            asked = node.func.attr
            if asked in {"utc_now", "utcnow", "today", "now"}:
                yield f"{path.relative_to(ROOT)}:{node.lineno} {asked}()"


@pytest.mark.parametrize("room", BELOW_THE_FACES)
def test_now_is_an_argument_everywhere_below_the_faces(room):
    files = [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))
    assert [reading for path in files for reading in clock_readings(path)] == []
