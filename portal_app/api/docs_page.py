"""The API's description as one page people can read: no script, no foreign request."""

from __future__ import annotations

import html
from typing import Any

Document = dict[str, Any]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 1080px; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ margin-top: 2.5rem }}
summary {{ cursor: pointer; padding: .5rem 0 }}
details {{ border-top: 1px solid #88888855 }}
code {{ font: 13px/1.5 ui-monospace, monospace }}
b {{ display: inline-block; min-width: 4.5rem }}
table {{ border-collapse: collapse; margin: .25rem 0 1rem }}
td {{ padding: .15rem 1.5rem .15rem 0; vertical-align: top }}
:root {{ color-scheme: light dark }}
</style></head>
<body><h1>{title}</h1><p>As a document: <a href="/openapi.json">openapi.json</a>.</p>{parts}</body></html>
"""


def page(found: Document) -> str:
    """Return an OpenAPI document as HTML: every operation, what it takes and what it answers."""
    groups: dict[str, list[str]] = {}
    for path, operations in found["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(method, path, operation, found))
    parts = (f"<h2>{html.escape(tag)}</h2>{''.join(shown)}" for tag, shown in groups.items())
    return _PAGE.format(title=html.escape(found["info"]["title"]), parts="".join(parts))


def _operation(method: str, path: str, operation: Document, found: Document) -> str:
    takes = [
        (p["name"], f"{p['in']}{', required' if p.get('required') else ''}") for p in operation.get("parameters", [])
    ]
    takes += _fields(_schema(operation.get("requestBody", {}), found))
    answers = [(status, _described(answer, found)) for status, answer in operation["responses"].items()]
    gives = next((answer for status, answer in operation["responses"].items() if status < "300"), {})
    tables = [("Takes", takes), ("Answers", answers), ("Gives", _fields(_schema(gives, found)))]
    shown = "".join(f"<p>{title}</p>{_table(rows)}" for title, rows in tables if rows)
    name = f"<b>{method.upper()}</b> <code>{html.escape(path)}</code>"
    text = html.escape(operation.get("description", ""))
    return f"<details><summary>{name}</summary><p>{text}</p>{shown}</details>"


def _described(answer: Document, found: Document) -> str:
    name = answer.get("$ref", "").rpartition("/")[2]
    return (found["components"]["responses"][name] if name else answer)["description"]


def _table(rows: list[tuple[str, str]]) -> str:
    cells = (f"<tr><td><code>{html.escape(name)}</code></td><td>{html.escape(text)}</td></tr>" for name, text in rows)
    return f"<table>{''.join(cells)}</table>"


def _fields(schema: Document) -> list[tuple[str, str]]:
    required = schema.get("required", [])
    return [
        (name, f"{_kind(part)}{', required' if name in required else ''}")
        for name, part in schema.get("properties", {}).items()
    ]


def _schema(holder: Document, found: Document) -> Document:
    """Return the schema of a body, with its reference followed."""
    schema = holder.get("content", {}).get("application/json", {}).get("schema", {})
    schema = next((part for part in schema.get("anyOf", []) if "$ref" in part), schema)
    return found["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _kind(schema: Document) -> str:
    """Say in a word or two what a field holds."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2].removesuffix("Wire")
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(part) for part in schema["anyOf"]))
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}"
    return str(schema.get("format") or schema.get("type") or schema.get("const") or "anything")
