"""A client of the documented API, written from its description: what its objects hold, and how values are written.

It knows nothing of how the portal is made. Each answer is checked against the description as it comes.
"""

from __future__ import annotations

import re
from typing import Any

from httpx import Client


def words(text: str) -> set[str]:
    """Return the names in a text."""
    return set(text.split())


BASE = "status created_at updated_at tenant_id created_by updated_by"
OBJECTS = {
    "customer": f"""id external_id name email address_line1 address_line2 address_city address_state
        address_postal_code address_country timezone metadata environment_id {BASE}""",
    "wallet": f"""id customer_id currency balance credit_balance wallet_status metadata wallet_type config
        conversion_rate topup_conversion_rate environment_id alert_state is_cached_fallback {BASE}""",
    "transaction": f"""id wallet_id customer_id type amount credit_amount credit_balance_before credit_balance_after
        transaction_status reference_type reference_id description metadata expiry_date credits_available
        transaction_reason priority currency idempotency_key environment_id {BASE}""",
    "invoice": f"""id customer_id invoice_type invoice_status payment_status currency amount_due amount_paid subtotal
        total total_discount amount_remaining invoice_number idempotency_key billing_sequence version environment_id
        adjustment_amount refunded_amount total_tax total_prepaid_credits_applied is_manually_edited {BASE}""",
    "line": """id invoice_id customer_id amount quantity currency prepaid_credits_applied line_item_discount
        invoice_level_discount""",
    "subscription": f"""id customer_id plan_id subscription_status currency billing_anchor billing_cycle start_date
        current_period_start current_period_end cancel_at cancel_at_period_end trial_start trial_end billing_cadence
        billing_period billing_period_count version environment_id pause_status payment_behavior collection_method
        timezone proration_behavior enable_true_up subscription_type plan customer {BASE}""",
    "plan": f"id name lookup_key description metadata {BASE}",
    "feature": "id name lookup_key description meter_id metadata type unit_singular unit_plural",
    "setting": f"id key value environment_id {BASE}",
    "usage": "customer_id features period",
    "used feature": """feature total_limit is_unlimited current_usage usage_percent is_enabled is_soft_limit
        next_usage_reset_at sources""",
    "source": "subscription_id entity_id entity_type quantity entity_name entitlement_id is_enabled",
    "analytics": "subtotal total_discount total_cost currency items",
    "item": """feature_id total_usage total_usage_display subtotal total_discount total_cost event_count""",
    "point": """timestamp usage subtotal discount cost event_count computed_commitment_utilized_amount
        computed_overage_amount computed_true_up_amount""",
    "costs": "cost_analytics total_revenue total_cost currency start_time end_time",
    "meter cost": "meter_id meter_name source total_cost total_quantity total_events cost_by_period currency",
    "link": "url token expires_at",
}
PREFIXES = {
    "customer": "cust_",
    "wallet": "wallet_",
    "transaction": "wtxn_",
    "invoice": "inv_",
    "line": "inv_line_",
    "subscription": "subs_",
    "plan": "plan_",
    "feature": "feat_",
    "setting": "setting_",
}
DECIMALS = words("""
    balance credit_balance conversion_rate topup_conversion_rate real_time_balance real_time_credit_balance
    current_period_usage unpaid_invoices_amount purchased free amount credit_amount credit_balance_before
    credit_balance_after credits_available amount_due amount_paid amount_remaining subtotal total_discount total_tax
    total_prepaid_credits_applied adjustment_amount refunded_amount overpaid_amount prepaid_credits_applied
    line_item_discount invoice_level_discount current_usage usage_percent total_usage total_cost usage cost discount
    computed_commitment_utilized_amount computed_overage_amount computed_true_up_amount total_revenue total_quantity
    """)
COUNTS = words("event_count total_events total_limit usage_limit limit offset billing_period_count version")
TIMES = re.compile(r".+_(at|date|start|end|time)|billing_anchor|timestamp")
NO_TIMES = {"cancel_at_period_end"}
DECIMAL = re.compile(r"-?(0|[1-9]\d*)(\.\d*[1-9])?")
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


class Api:
    """Calls the API under one credential, and checks every value of every answer."""

    def __init__(self, client: Client) -> None:
        """Speak through `client`, which has the credential."""
        self._client = client

    def get(self, path: str, kind: str = "", **query: Any) -> Any:
        """Return a 200's body, which is a `kind`."""
        return self._good(self._client.get(f"/v1/{path}", params=query), 200, kind)

    def post(self, path: str, body: Any, kind: str = "", status: int = 200) -> Any:
        """Return the body of an answer with this status, which is a `kind`."""
        return self._good(self._client.post(f"/v1/{path}", json=body), status, kind)

    def put(self, path: str, body: Any, kind: str = "") -> Any:
        """Return a 200's body, which is a `kind`."""
        return self._good(self._client.put(f"/v1/{path}", json=body), 200, kind)

    def pages(self, path: str, body: dict[str, Any], kind: str, limit: int) -> list[Any]:
        """Return all of one of the portal's two lists, which are turned by `page`, from 1."""
        items: list[Any] = []
        for page in range(1, 1000):
            found = self.post(path, body | {"page": page, "limit": limit})
            items += [self.checked(kind, item) for item in found["items"]]
            if page * limit >= found["pagination"]["total"]:
                break
        return items

    def slices(self, path: str, kind: str, limit: int) -> list[Any]:
        """Return all of a list whose `pagination.offset` is where the next page begins."""
        items: list[Any] = []
        offset, total = 0, 1
        while offset < total:
            found = self.get(path, limit=limit, offset=offset)
            items += [self.checked(kind, item) for item in found["items"]]
            offset, total = found["pagination"]["offset"], found["pagination"]["total"]
        return items

    def refused(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return status and body of an answer that is no success."""
        answer = self._client.request(method, f"/v1/{path}", json=body)
        assert answer.status_code >= 400
        return answer.status_code, answer.json()

    def checked(self, kind: str, value: Any) -> Any:
        """Return a value that has every field of its kind, and an id of its kind."""
        missing = words(OBJECTS[kind]) - value.keys()
        assert (kind, missing) == (kind, set())
        if kind in PREFIXES:
            assert re.fullmatch(rf"{PREFIXES[kind]}[0-9A-HJKMNP-TV-Z]{{26}}", value["id"]), value["id"]
        return value

    def _good(self, answer: Any, status: int, kind: str) -> Any:
        assert (answer.status_code, answer.text) == (status, answer.text)
        value = answer.json()
        _check_values(value)
        return self.checked(kind, value) if kind else value


def _check_values(value: Any, name: str = "") -> None:
    """Decimals are unpadded strings, counts are integers, times are UTC with Z."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in {"metadata", "value", "properties", "links"}:
                _check_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _check_values(inner, name)
    elif value is not None:
        if name in DECIMALS:
            assert isinstance(value, str), (name, value)
            assert DECIMAL.fullmatch(value), (name, value)
        if name in COUNTS:
            assert isinstance(value, int), (name, value)
        if TIMES.fullmatch(name) and name not in NO_TIMES:
            assert isinstance(value, str), (name, value)
            assert RFC_3339.fullmatch(value), (name, value)
        assert not isinstance(value, float), (name, value)
