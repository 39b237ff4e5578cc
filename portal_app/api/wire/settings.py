"""The portal's look and layout, as the dialect writes and reads it. Unknown keys are refused by name."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from portal_app.api.wire.base import ObjectWire
from portal_app.api.wire.customers import Email
from portal_app.api.wire.values import LongText, Name, ObjectId, Text
from portal_app.display import find_locale
from portal_app.queries.branding import MAX_LOGO_BYTES, PortalConfig, draw_logo

KEY = "customer_portal_config"
SETTING_ID = "setting_00000000000000000000000001"
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When a setting was changed that nobody has changed."""
PNG = "data:image/png;base64,"


def _logo(value: str) -> str:
    """Return a picture drawn anew: nothing is ever fetched, and nothing but pixels is kept."""
    head, _, encoded = value.partition(",")
    try:
        if not head.startswith("data:image/") or not head.endswith(";base64"):
            raise ValueError  # noqa: TRY301 (one sentence for all that can be wrong)
        return PNG + base64.b64encode(draw_logo(base64.b64decode(encoded, validate=True))).decode()
    except (ValueError, binascii.Error):
        raise ValueError("must be a data: URL of a PNG, JPEG, GIF or WebP up to 256 KB") from None


def _web_address(value: str) -> str:
    if value and not value.startswith(("https://", "http://")):
        raise ValueError("must start with https://")
    return value


def _locale(value: str) -> str:
    if find_locale(value) is None:
        raise ValueError("must be a locale such as en_US or de_DE")
    return value


Colour = Annotated[str, StringConstraints(pattern="^#[0-9A-Fa-f]{6}$")]
Preset = Annotated[str, StringConstraints(pattern="^[a-z0-9_]{1,32}$")]
Position = Annotated[int, Field(ge=0, le=100)]
LogoUrl = Annotated[str, StringConstraints(max_length=4 * MAX_LOGO_BYTES // 3 + 64), AfterValidator(_logo)]


class Widget(StrEnum):
    """What a part of a section shows."""

    METRIC_CARDS = "metric_cards"
    USAGE_GRAPH = "usage_graph"
    USAGE_BREAKDOWN = "usage_breakdown"
    CURRENT_USAGE = "current_usage"
    SUBSCRIPTIONS = "subscriptions"
    WALLET_BALANCE = "wallet_balance"
    WALLET_TRANSACTIONS = "wallet_transactions"
    INVOICES = "invoices"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ThemeWire(_Strict):
    """Colours, the logo and the typeface."""

    primary_color: Colour | None = None
    secondary_color: Colour | None = None
    tertiary_color: Colour | None = None
    background_color: Colour | None = None
    surface_color: Colour | None = None
    border_color: Colour | None = None
    logo_url: LogoUrl | None = None
    font_family: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ,'-]{0,200}$")] | None = None


class UsageGraphWire(_Strict):
    """What a usage graph offers."""

    date_presets: list[Preset] = Field(default_factory=list[str], max_length=10)
    default_preset: Preset | None = None
    allow_custom_date_range: bool = False
    feature_filter_mode: Literal["all", "include_list", "exclude_list"] = "all"
    feature_ids: list[ObjectId] = Field(default_factory=list[str], max_length=100)

    @model_validator(mode="after")
    def _opens_with_one_it_offers(self) -> Self:
        if self.default_preset and self.date_presets and self.default_preset not in self.date_presets:
            raise ValueError("default_preset must be one of date_presets")
        return self


class MetricCardsWire(_Strict):
    """Which cards stand over the usage. Customers never see the operator's own cost, whatever this says."""

    show_cost_metrics: bool = False
    show_custom_metrics: bool = True
    show_revenue_metric: bool = True


class TabWire(_Strict):
    """One part of a section."""

    id: ObjectId
    type: Widget
    label: Text | None = None
    enabled: bool = True
    order: Position = 0
    usage_graph: UsageGraphWire | None = None
    metric_cards: MetricCardsWire | None = None


class SectionWire(_Strict):
    """One page of the portal."""

    id: ObjectId
    label: Text | None = None
    enabled: bool = True
    order: Position = 0
    tabs: list[TabWire] = Field(default_factory=list[TabWire], max_length=20)


class ConfigWire(_Strict):
    """The whole look: layout, theme, and who the operator is."""

    version: Annotated[int, Field(ge=1, le=1)] = 1
    theme: ThemeWire | None = None
    sections: list[SectionWire] | None = Field(default=None, max_length=20)
    name: Name | None = None
    legal_name: Text | None = None
    address: LongText | None = None
    tax_id: Text | None = None
    support_email: Email | None = None
    return_url: Annotated[Text, AfterValidator(_web_address)] | None = None
    locale: Annotated[Text, AfterValidator(_locale)] | None = None
    footer: LongText | None = None
    default_theme: Literal["system", "light", "dark"] | None = None

    @model_validator(mode="after")
    def _each_section_once(self) -> Self:
        ids = [section.id for section in self.sections or ()]
        if len(ids) != len(set(ids)):
            raise ValueError("a section's id occurs twice")
        return self


class ConfigUpdate(_Strict):
    """The keys to replace; null brings a key's default back, and keys that are left out stay as they are."""

    value: ConfigWire

    def changes(self) -> dict[str, Any]:
        """Return the keys that were sent."""
        return self.value.model_dump(mode="json", exclude_unset=True)


class SettingWire(ObjectWire):
    """A setting of the deployment; its value has the keys that a PUT takes."""

    id: str = SETTING_ID
    key: str = KEY
    value: dict[str, Any]


def setting_wire(config: PortalConfig) -> SettingWire:
    """Return the portal's look as the dialect writes it: defaults, with the keys over them that were set."""
    made, changed = config.created_at or NEVER, config.updated_at or NEVER
    return SettingWire(value=dict(config.value), created_at=made, updated_at=changed)
