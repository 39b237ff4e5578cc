"""The small changes that a test should notice: each swaps, forces or drops one thing in a module's syntax tree.

Left alone is what no test of behaviour should see: docstrings, annotations, `__all__`, `if TYPE_CHECKING`, decorators
(`slots=True` is speed), what is logged, and sentences for people, which are what a `raise` or a `Problem` says and
whatever goes through `_()`: to hold their wording in two places proves nothing. All other texts are changed, since
they are names, patterns and words of the API.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType

_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_CALCULATED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
_NAMED = {"min": "max", "max": "min", "any": "all", "all": "any"}
_PROSE = {"_", "Problem"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change to one module. `lines` are those of the statement it is in, or None if importing runs it."""

    path: str
    line: int
    lines: range | None
    before: str
    after: str
    tree: ast.Module
    put: Callable[[], Callable[[], None]]
    """Make the change in `tree`; what comes back takes it out again."""

    def code(self) -> CodeType:
        """Compile the changed module."""
        take_out = self.put()
        try:
            return compile(ast.fix_missing_locations(copy.deepcopy(self.tree)), self.path, "exec", dont_inherit=True)
        finally:
            take_out()

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.before} → {self.after}"


def mutants(path: str, text: str) -> list[Mutant]:
    """Return every change to a module, in the order of its text."""
    tree = ast.parse(text)
    found: list[Mutant] = []
    for spot in _spots(tree, None, None):
        for new in _changes(spot):
            found.append(_mutant(path, tree, spot, new))
    return sorted(found, key=lambda mutant: mutant.line)


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node, where it hangs, and the statement and the function it is in."""

    node: ast.AST
    parent: ast.AST
    field: str
    place: int | None
    statement: ast.stmt
    function: ast.AST | None

    @property
    def siblings(self) -> list[ast.AST]:
        """All that hangs beside it, in the same list."""
        return getattr(self.parent, self.field)

    def replace(self, new: ast.AST) -> None:
        if self.place is None:
            setattr(self.parent, self.field, new)
        else:
            self.siblings[self.place] = new


def _mutant(path: str, tree: ast.Module, spot: _Spot, new: ast.AST) -> Mutant:
    def put() -> Callable[[], None]:
        spot.replace(new)
        return lambda: spot.replace(spot.node)

    lines = None if spot.function is None else _lines_of(spot.statement)
    line = getattr(spot.node, "lineno", spot.statement.lineno)
    return Mutant(path, line, lines, _shown(spot.node), _shown(new), tree, put)


def _shown(node: ast.AST) -> str:
    match node:
        case ast.If(test=test):
            return f"if {ast.unparse(test)}"
        case ast.ExceptHandler(type=ast.expr() as kinds):
            return f"except {ast.unparse(kinds)}"
        case _:
            return " ".join(ast.unparse(node).split())


def _lines_of(statement: ast.stmt) -> range:
    """The lines of a statement, without those of the statements inside it."""
    inner = getattr(statement, "body", None) or getattr(statement, "cases", None)
    last = getattr(inner[0], "lineno", inner[0].pattern.lineno if isinstance(inner[0], ast.match_case) else 0) - 1 if inner else None
    return range(statement.lineno, max(statement.lineno, last if last is not None else statement.end_lineno or 0) + 1)


def _spots(node: ast.AST, statement: ast.stmt | None, function: ast.AST | None) -> Iterator[_Spot]:
    """Walk what may be changed, in the order of the text."""
    for field, value in ast.iter_fields(node):
        for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_left_alone(node, field, child):
                continue
            at = child if isinstance(child, ast.stmt) else statement
            # Defaults are read when the function is made.
            within = None if field in {"defaults", "kw_defaults"} else function
            if at is not None and not isinstance(child, ast.expr_context):
                yield _Spot(child, node, field, place, at, within)
            yield from _spots(child, at, child if isinstance(child, _FUNCTIONS) else within)


def _is_left_alone(parent: ast.AST, field: str, node: ast.AST) -> bool:
    if field in {"decorator_list", "annotation", "returns", "format_spec", "type_params"}:
        return True
    if isinstance(node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return True
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return ast.unparse(node.value.func).startswith("logger.")
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0]) == "__all__" or _is_of_types(node.value)
    if isinstance(parent, ast.Raise):
        return True
    return isinstance(parent, ast.Call) and field == "args" and _is_prose(parent, node)


def _is_of_types(value: ast.expr) -> bool:
    """Whether a module names a type here: a union, a generic, a NewType."""
    text = ast.unparse(value)
    return text.startswith(("NewType(", "tuple[", "Callable[")) or (
        isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr) and text.replace(" | ", "").isidentifier()
    )


def _is_prose(call: ast.Call, node: ast.AST) -> bool:
    name = ast.unparse(call.func)
    return name in _PROSE and isinstance(node, ast.Constant | ast.JoinedStr) and node is call.args[-1]


def _changes(spot: _Spot) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    node = spot.node
    match node:
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                yield _with(node, ops=[*node.ops[:place], _COMPARED[type(operator)](), *node.ops[place + 1 :]])
        case ast.BinOp() | ast.AugAssign():
            if type(node.op) in _CALCULATED:
                yield _with(node, op=_CALCULATED[type(node.op)]())
        case ast.BoolOp():
            yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
            for place in range(len(node.values)):
                rest = [*node.values[:place], *node.values[place + 1 :]]
                yield rest[0] if len(rest) == 1 else _with(node, values=rest)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant():
            yield from _other_constants(node)
        case ast.Name(id=name) if name in _NAMED and isinstance(spot.parent, ast.Call) and spot.field == "func":
            yield ast.Name(_NAMED[name], ast.Load())
        case ast.IfExp() | ast.If():
            yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
        case ast.comprehension(ifs=[_, *_]):
            yield from (_with(node, ifs=[*node.ifs[:n], *node.ifs[n + 1 :]]) for n in range(len(node.ifs)))
        case ast.match_case() if len(spot.siblings) > 1:
            yield _with(node, guard=ast.Constant(value=False))
        case ast.ExceptHandler(type=ast.Tuple(elts=kinds)):
            for n in range(len(kinds)):
                yield _with(node, type=ast.Tuple([*kinds[:n], *kinds[n + 1 :]], ast.Load()))
        case _:
            pass
    if isinstance(node, ast.stmt):
        yield from _other_statements(spot, node)


def _other_constants(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node.value, str):
        yield ast.Constant(f"XX{node.value}")
    elif isinstance(node.value, bytes):
        yield ast.Constant(b"XX" + node.value)


def _other_statements(spot: _Spot, node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield ast.Return(ast.Constant(None))
    dropped = isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Break | ast.Continue | ast.Delete)
    if dropped or (isinstance(node, ast.Assign) and _was_there_before(spot, node)):
        yield ast.Pass()


def _was_there_before(spot: _Spot, node: ast.Assign) -> bool:
    """Whether what is assigned has a value without it, so that leaving it out is not only a NameError."""
    if spot.function is None:
        return False
    parts = [part for target in node.targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    if not all(isinstance(part, ast.Name) for part in parts):
        return True
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    bound = [n.id for n in ast.walk(spot.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    bound += [argument.arg for argument in ast.walk(spot.function) if isinstance(argument, ast.arg)]
    return any(bound.count(name) > 1 for name in names)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """Return a node like this one, but for some fields."""
    new = type(node)(**{name: getattr(node, name) for name in node._fields} | fields)
    return ast.copy_location(new, node)
