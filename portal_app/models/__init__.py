"""The tables: plain SQLModel classes, one file per noun family.

Imports billing for its vocabularies and nothing above. Integer keys inside, a prefixed ULID as
`public_id` on the wire. Beside a new table: a migration in alembic/versions, and its invariants in
queries/invariants.py. Importing this package registers every table with the metadata.
"""

from portal_app.models import (
    access,
    branding,
    catalog,
    customer,
    embedding,
    grants,
    invoice,
    operator,
    subscription,
    usage,
    wallet,
)

__all__ = [
    "access",
    "branding",
    "catalog",
    "customer",
    "embedding",
    "grants",
    "invoice",
    "operator",
    "subscription",
    "usage",
    "wallet",
]
