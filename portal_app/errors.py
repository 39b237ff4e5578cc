"""Every error a caller may see: its code, its HTTP status, its sentence.

Call sites pass facts, never prose; faces translate each error once. Codes and statuses are those of
the documented API (`not_found` 404, `validation_error` 400, …).
"""

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


class Conflict(PortalError):
    """The object exists already and says something else."""

    code = "already_exists"
    status = HTTPStatus.CONFLICT
    sentence = "{noun} {key} already exists"


class TooManyRequests(PortalError):
    """More than can be taken now. Nothing of it was; `retry_after` is in seconds."""

    code = "too_many_requests"
    status = HTTPStatus.TOO_MANY_REQUESTS
    sentence = "Too much at once. Nothing was taken: send it again in {retry_after} seconds."


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
