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
FLAGS = words("""
    is_cached_fallback is_manually_edited cancel_at_period_end enable_true_up is_unlimited is_enabled is_soft_limit
    has_more
    """)
TEXTS = words("""
    id name external_id email address_line1 address_line2 address_city address_state address_postal_code
    address_country timezone description lookup_key unit_singular unit_plural reference_id idempotency_key
    environment_id tenant_id created_by updated_by customer_id plan_id wallet_id invoice_id feature_id meter_id
    total_usage_display payment_behavior proration_behavior url token presigned_url event_name
    """)
CHOICES = {
    "status": "published archived deleted",
    "wallet_status": "active frozen closed",
    "wallet_type": "PRE_PAID POST_PAID",
    "alert_state": "ok info warning in_alarm",
    "transaction_status": "pending completed failed",
    "transaction_reason": """INVOICE_PAYMENT FREE_CREDIT_GRANT SUBSCRIPTION_CREDIT_GRANT PURCHASED_CREDIT_INVOICED
        PURCHASED_CREDIT_DIRECT PURCHASED_CREDIT_BONUS CREDIT_NOTE CREDIT_EXPIRED WALLET_TERMINATION
        MANUAL_BALANCE_DEBIT CREDIT_ADJUSTMENT INVOICE_VOID_REFUND""",
    "reference_type": "PAYMENT EXTERNAL REQUEST INVOICE",
    "invoice_status": "DRAFT FINALIZED VOIDED SKIPPED",
    "invoice_type": "SUBSCRIPTION ONE_OFF CREDIT",
    "payment_status": """INITIATED PENDING PROCESSING SUCCEEDED OVERPAID FAILED REFUNDED PARTIALLY_REFUNDED
        VOIDED""",
    "billing_reason": """SUBSCRIPTION_CREATE SUBSCRIPTION_CYCLE SUBSCRIPTION_UPDATE SUBSCRIPTION_TRIAL_START
        SUBSCRIPTION_TRIAL_END PRORATION MANUAL AUTO_INVOICE_THRESHOLD WALLET_AUTO_TOPUP SUBSCRIPTION_PAUSED
        SUBSCRIPTION_RESUME""",
    "price_type": "USAGE FIXED",
    "subscription_status": "active paused cancelled incomplete trialing draft",
    "pause_status": "none active scheduled completed cancelled",
    "subscription_type": "standalone delegated_invoicing parent inherited grouped_invoicing",
    "billing_cadence": "RECURRING",
    "billing_period": "DAILY WEEKLY MONTHLY QUARTERLY HALF_YEARLY ANNUAL ONETIME",
    "billing_cycle": "anniversary calendar",
    "collection_method": "charge_automatically send_invoice",
    "aggregation_type": "COUNT SUM AVG COUNT_UNIQUE LATEST SUM_WITH_MULTIPLIER MAX WEIGHTED_SUM",
    "usage_reset_period": "DAILY WEEKLY MONTHLY QUARTERLY HALF_YEARLY ANNUAL NEVER",
}
PATTERNS = {
    **dict.fromkeys(DECIMALS, DECIMAL),
    **{name: re.compile("|".join(values.split())) for name, values in CHOICES.items()},
    "currency": re.compile("[a-z]{3}"),
}
KINDS = dict.fromkeys(FLAGS, bool) | dict.fromkeys(COUNTS, int) | dict.fromkeys(TEXTS, str)
TYPES = {"transaction": "credit debit", "feature": "metered boolean static config"}
OMITTED = {
    "invoice": """due_date paid_at voided_at finalized_at issue_date last_computed_at period_start period_end
        overpaid_amount""",
    "line": "period_start period_end",
    "item": "currency price_id subscription_id points source properties",
}
"""What is left out, and never null, where there is nothing to say."""
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
        nulls = {name for name in words(OMITTED.get(kind, "")) if value.get(name, "") is None}
        assert (kind, nulls) == (kind, set())
        assert kind not in TYPES or value["type"] in words(TYPES[kind]), value["type"]
        return value

    def _good(self, answer: Any, status: int, kind: str) -> Any:
        assert (answer.status_code, answer.text) == (status, answer.text)
        value = answer.json()
        _check_values(value)
        return self.checked(kind, value) if kind else value


def _check_values(value: Any, name: str = "") -> None:
    """Check every value by the name of its field: how it is written, and that a choice is one of those there are."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key not in {"metadata", "value", "properties", "links"}:
                _check_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            _check_values(inner, name)
    elif value is not None:
        assert _is_written(name, value), (name, value)


def _is_written(name: str, value: Any) -> bool:
    """Tell whether decimals are unpadded strings, counts integers, times UTC with Z; no value is a float."""
    pattern = PATTERNS.get(name) or (RFC_3339 if TIMES.fullmatch(name) and name not in NO_TIMES else None)
    if pattern is not None:
        return isinstance(value, str) and bool(pattern.fullmatch(value))
    return isinstance(value, KINDS.get(name, (str, int)))
