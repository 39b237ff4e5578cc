"""Every error a caller may see: its code, its HTTP status, its sentence.

Call sites pass facts, never prose; faces translate each error once. Codes and statuses are those of
the documented API (`not_found` 404, `validation_error` 400, …).
"""

import re
from http import HTTPStatus
from typing import ClassVar


class PortalError(Exception):
    """An error with a sentence that may be shown to whoever caused it."""

    code: ClassVar[str] = "system_error"
    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    sentence: ClassVar[str] = "An unexpected error occurred"

    def __init__(self, **facts: object) -> None:
        """Keep the facts that the class's sentence names."""
        self.facts = facts
        super().__init__(self.sentence.format(**facts))


class NotFound(PortalError):
    """The object does not exist, or belongs to another customer: the caller cannot tell which."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND
    sentence = "{noun} not found"


class CustomerNotFound(NotFound):
    """No published customer has this external id."""

    sentence = "Customer not found with the provided external_customer_id"


class Unauthorized(PortalError):
    """No credential, or one that is unknown, expired or revoked: the caller cannot tell which."""

    code = "permission_denied"
    status = HTTPStatus.UNAUTHORIZED
    sentence = "Unauthorized"


class SessionRequired(Unauthorized):
    """The portal's API was called without a session token."""

    sentence = "Session token required"


class SessionRejected(Unauthorized):
    """A session token that is altered, expired or revoked: the caller cannot tell which."""

    sentence = "Invalid or expired session token"


class SignedOut(Unauthorized):
    """Somebody of the operator whose session ended while they sent something long."""

    sentence = "Your session has ended: sign in again."


class InsufficientScope(PortalError):
    """The key is good, but not for this."""

    code = "permission_denied"
    status = HTTPStatus.FORBIDDEN
    sentence = "insufficient permissions"


class LinkRejected(PortalError):
    """A download link that is unsigned, altered or older than its minute."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND
    sentence = "This download link is no longer valid. Go back to the portal and download the file again."


class Invalid(PortalError):
    """One field of a request that cannot be used as sent."""

    code = "validation_error"
    status = HTTPStatus.BAD_REQUEST
    sentence = "{field}: {problem}"


class BodyTooLarge(PortalError):
    """A body that is longer than any good one."""

    code = "validation_error"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    sentence = "The body is larger than {limit} bytes"


class FilesTooLarge(PortalError):
    """A file for which the others of its upload have left no room."""

    code = "validation_error"
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    sentence = "All files together are larger than {limit} bytes"


class NotJson(PortalError):
    """A body that says it is something other than JSON."""

    code = "validation_error"
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    sentence = "The body must be application/json, not {kind}"


class NotImplementedHere(PortalError):
    """A documented operation that this deployment does not have."""

    code = "not_implemented"
    status = HTTPStatus.NOT_IMPLEMENTED
    sentence = "{operation} is not implemented here"


class Conflict(PortalError):
    """The object exists already and says something else."""

    code = "already_exists"
    status = HTTPStatus.CONFLICT
    sentence = "{noun} {key} already exists"


class KeyReused(PortalError):
    """An idempotency key that already stands for something else: nothing was done."""

    code = "already_exists"
    status = HTTPStatus.CONFLICT
    sentence = "idempotency_key {key} was used before, for something else"


class NotPossible(PortalError):
    """A good request that the object's state does not allow."""

    code = "invalid_operation"
    status = HTTPStatus.BAD_REQUEST
    sentence = "{problem}"


class CreditsShort(NotPossible):
    """A debit of more credits than may still be spent."""

    sentence = "The wallet holds {available} credits, so {wanted} cannot be taken"


class WalletNotActive(NotPossible):
    """A movement on a wallet that is frozen or closed."""

    sentence = "The wallet is {status}: its credits do not move"


class SubscriptionIs(NotPossible):
    """A step that a subscription in its status cannot take."""

    sentence = "The subscription is {status}, so it cannot be {wanted}"


class InvoiceIs(NotPossible):
    """A step that an invoice in its status cannot take."""

    sentence = "The invoice is {status}, so it cannot be {wanted}"


class WalletExists(Conflict):
    """A second wallet of the same kind."""

    sentence = "The customer has an active {wallet_type} wallet in {currency} already"


class EntitlementExists(Conflict):
    """A second entitlement to one feature."""

    sentence = "There is an entitlement to {feature} already"


class ChangedMeanwhile(PortalError):
    """Two writes met. Nothing of this one was kept; sent again, it sees what the other did."""

    code = "version_conflict"
    status = HTTPStatus.CONFLICT
    sentence = "Something else changed this at the same moment. Nothing was changed: send it again."


class Busy(PortalError):
    """Something that one at a time may do. Nothing was changed; it can be done when the other one has ended."""

    code = "version_conflict"
    status = HTTPStatus.CONFLICT
    sentence = "Another {task} is running. Wait until it has ended."


class TooLarge(PortalError):
    """A sum or a number with more digits than its column, `field`, keeps."""

    code = "validation_error"
    status = HTTPStatus.BAD_REQUEST
    sentence = "{field}: {problem}"


class TooManyRequests(PortalError):
    """More than can be taken now. Nothing of it was; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = HTTPStatus.TOO_MANY_REQUESTS
    sentence = "Too much at once. Nothing was taken: wait {retry_after} s and send it again."


class Unavailable(PortalError):
    """The database did not answer in time. Nothing was changed; the same call may work later."""

    code = "service_unavailable"
    status = HTTPStatus.SERVICE_UNAVAILABLE
    sentence = "The billing data is unavailable right now. Try again in a moment."


class ConfigurationRefused(PortalError):
    """Settings that this program will not start with. Names variables, never prints a value."""

    code = "invalid_operation"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    sentence = "refusing to start:\n{findings}"


PROBLEMS = {
    "missing": "is required",
    "extra_forbidden": "is not a field of this",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "decimal_type": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}
"""What is wrong with a field, by pydantic's name for it, where its own words speak of its own affairs."""


def plain_problem(kind: str, message: str) -> str:
    """Return pydantic's words as they go on after a field's name: `must be greater than 0`.

    Its names for things are left out: `<Status.DRAFT: 'DRAFT'>` is `'DRAFT'`.
    """
    if kind in PROBLEMS:
        return PROBLEMS[kind]
    words = re.sub(r"<[\w.]+: ('[^']*')>", r"\1", message.removeprefix("Value error, "))
    return re.sub(r"^[A-Z]\w*(?: input)? should ", "must ", words)
