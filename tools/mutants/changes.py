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
from dataclasses import dataclass, replace
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
    """One change to one module: inside `function` (`Class.method` or a name), or in what importing it runs.

    `lines` are those of the statement that holds the change.
    """

    path: str
    line: int
    lines: range
    function: str | None
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
    found = [_mutant(path, tree, spot, new) for spot in _spots(tree, _Scope()) for new in _changes(spot)]
    return sorted(found, key=lambda mutant: mutant.line)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a node is in: its statement, the outermost function by name, the innermost as a node."""

    statement: ast.stmt | None = None
    names: tuple[str, ...] = ()
    function: str | None = None
    innermost: ast.AST | None = None

    def within(self, field: str, node: ast.AST) -> _Scope:
        if not isinstance(node, ast.stmt):
            # Defaults are read when the function is made, which importing does.
            outside = field in {"defaults", "kw_defaults"} and isinstance(self.statement, _FUNCTIONS)
            return replace(self, function=None, innermost=None) if outside else self
        inside = replace(self, statement=node)
        if self.function is None and isinstance(node, ast.ClassDef):
            return replace(inside, names=(*self.names, node.name))
        if isinstance(node, _FUNCTIONS):
            return replace(inside, function=self.function or ".".join((*self.names, node.name)), innermost=node)
        return inside


@dataclass(frozen=True, slots=True)
class _Spot:
    """A node, and where it hangs."""

    node: ast.AST
    parent: ast.AST
    field: str
    place: int | None
    scope: _Scope

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

    statement = spot.scope.statement
    assert statement is not None  # noqa: S101 (a module's nodes are in its statements)
    line = getattr(spot.node, "lineno", statement.lineno)
    return Mutant(path, line, _lines_of(statement), spot.scope.function, _shown(spot.node), _shown(new), tree, put)


def _shown(node: ast.AST) -> str:
    match node:
        case ast.If(test=test):
            return f"if {ast.unparse(test)}"
        case ast.ExceptHandler(type=ast.expr() as kinds):
            return f"except {ast.unparse(kinds)}"
        case _:
            return " ".join(ast.unparse(node).split())


def _lines_of(statement: ast.stmt) -> range:
    """Return the lines of a statement, without those of the statements inside it."""
    inside = [child for child in ast.iter_child_nodes(statement) if isinstance(child, ast.stmt | ast.match_case)]
    starts = [child.pattern.lineno if isinstance(child, ast.match_case) else child.lineno for child in inside]
    end = min(starts) if starts else (statement.end_lineno or statement.lineno) + 1
    return range(statement.lineno, max(end, statement.lineno + 1))


def _spots(node: ast.AST, scope: _Scope) -> Iterator[_Spot]:
    """Walk what may be changed, in the order of the text."""
    for field, value in ast.iter_fields(node):
        for place, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_left_alone(node, field, child):
                continue
            within = scope.within(field, child)
            yield _Spot(child, node, field, place, within)
            yield from _spots(child, within)


def _is_left_alone(parent: ast.AST, field: str, node: ast.AST) -> bool:
    if field in {"decorator_list", "annotation", "returns", "format_spec"} or isinstance(parent, ast.Raise):
        return True
    match node:
        case ast.Expr(value=ast.Call(func=function)):
            return ast.unparse(function).startswith("logger.")
        case ast.If(test=test):
            return ast.unparse(test) == "TYPE_CHECKING"
        case ast.Assign(targets=[ast.Name(id=name), *_], value=value):
            return name == "__all__" or _is_of_types(value)
        case ast.Constant() | ast.JoinedStr() if isinstance(parent, ast.Call) and field == "args":
            return ast.unparse(parent.func) in _PROSE and node is parent.args[-1]
        case _:
            return isinstance(node, ast.Import | ast.ImportFrom) or _is_docstring(node)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_of_types(value: ast.expr) -> bool:
    """Whether a module names a type here: a union, a generic, a NewType."""
    text = ast.unparse(value)
    return text.startswith(("NewType(", "tuple[", "Callable[")) or (
        isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr) and text.replace(" | ", "").isidentifier()
    )


def _changes(spot: _Spot) -> Iterator[ast.AST]:
    """Yield what may stand in a node's place."""
    match spot.node:
        case ast.stmt():
            yield from _other_statements(spot, spot.node)
        case ast.expr():
            yield from _other_expressions(spot, spot.node)
        case ast.comprehension(ifs=ifs) as node:
            yield from (_with(node, ifs=rest) for rest in _without_one(ifs))
        case ast.match_case() as node if len(spot.siblings) > 1:
            yield _with(node, guard=ast.Constant(value=False))
        case ast.ExceptHandler(type=ast.Tuple(elts=kinds)) as node:
            yield from (_with(node, type=ast.Tuple(rest, ast.Load())) for rest in _without_one(kinds))
        case _:
            pass


def _other_statements(spot: _Spot, node: ast.stmt) -> Iterator[ast.AST]:
    match node:
        case ast.If():
            yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield ast.Return(ast.Constant(None))
        case ast.AugAssign():
            yield _with(node, op=_CALCULATED[type(node.op)]())
            yield ast.Pass()
        case ast.Expr() | ast.Raise() | ast.Break() | ast.Continue():
            yield ast.Pass()
        case ast.Assign() if _was_there_before(spot, node):
            yield ast.Pass()
        case _:
            pass


def _other_expressions(spot: _Spot, node: ast.expr) -> Iterator[ast.AST]:
    match node:
        case ast.Compare(ops=ops):
            for place, operator in enumerate(ops):
                yield _with(node, ops=[*ops[:place], _COMPARED[type(operator)](), *ops[place + 1 :]])
        case ast.BinOp():
            yield _with(node, op=_CALCULATED[type(node.op)]())
        case ast.BoolOp(op=operator, values=values):
            yield _with(node, op=ast.Or() if isinstance(operator, ast.And) else ast.And())
            yield from (rest[0] if len(rest) == 1 else _with(node, values=rest) for rest in _without_one(values))
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant():
            yield from _other_constants(node)
        case ast.Name(id=name) if name in _NAMED and isinstance(spot.parent, ast.Call) and spot.field == "func":
            yield ast.Name(_NAMED[name], ast.Load())
        case ast.IfExp():
            yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
        case _:
            pass


def _without_one(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    return ([*nodes[:place], *nodes[place + 1 :]] for place in range(len(nodes)))


def _other_constants(node: ast.Constant) -> Iterator[ast.AST]:
    if isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node.value, str):
        yield ast.Constant(f"XX{node.value}")
    elif isinstance(node.value, bytes):
        yield ast.Constant(b"XX" + node.value)


def _was_there_before(spot: _Spot, node: ast.Assign) -> bool:
    """Whether what is assigned has a value without it, so that leaving it out is not only a NameError."""
    if spot.scope.innermost is None:
        return False
    parts = [part for target in node.targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    if not all(isinstance(part, ast.Name) for part in parts):
        return True
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    bound = [n.id for n in ast.walk(spot.scope.innermost) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    bound += [argument.arg for argument in ast.walk(spot.scope.innermost) if isinstance(argument, ast.arg)]
    return any(bound.count(name) > 1 for name in names)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """Return a node like this one, but for some fields."""
    new = type(node)(**{name: getattr(node, name) for name in node._fields} | fields)
    return ast.copy_location(new, node)
