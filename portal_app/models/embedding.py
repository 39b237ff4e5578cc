"""Which pages may frame the portal."""

from sqlmodel import Field

from portal_app.models.columns import Row
from portal_app.origins import MAX_CHARACTERS


class EmbedOrigin(Row, table=True):
    """An origin that the operator allowed, besides those of `PORTAL_EMBED_ORIGINS`."""

    __tablename__ = "embed_origins"  # pyright: ignore[reportAssignmentType] (a declared_attr to SQLModel)

    origin: str = Field(unique=True, max_length=MAX_CHARACTERS)
