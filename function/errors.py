"""Errors that reject a delivery; each class has its HTTP status, the word that the sender sees and its metric.

RefusalError
├── MalformedError 400          the envelope or a field cannot be read
├── UnverifiedError 401         signature or time
├── UnknownProviderError 404    no such provider here
├── MethodError 405             not a POST
├── TooLargeError 413           the body is over the limit
├── MisconfiguredError 500      no usable secret, address or table name: the operator's fault
├── UnsupportedSchemeError 501  a scheme that the standard library cannot verify
└── StorageUnavailableError 503 nothing was acknowledged that is not stored
"""


class RefusalError(Exception):
    """A rejected delivery; the detail is a fixed phrase, never user input."""

    status = 500
    word = "internal"
    metric = "InternalError"

    @property
    def public(self) -> str:
        """Return what the sender may know."""
        return self.word

    @property
    def is_server_fault(self) -> bool:
        """Whether the cause is a bug, a setting or the table, not the request."""
        return self.status in {500, 503}


class MalformedError(RefusalError):
    """The sender's envelope or field cannot be read."""

    status = 400
    word = "malformed"
    metric = "Malformed"

    @property
    def public(self) -> str:
        """Return the detail too: it names the field and nothing else."""
        return f"{self.word}: {self}"


class UnverifiedError(RefusalError):
    """The signature or its time does not hold."""

    status = 401
    word = "signature not accepted"
    metric = "SignatureRejected"


class UnknownProviderError(RefusalError):
    """The path names no provider that is configured here."""

    status = 404
    word = "unknown provider"
    metric = "UnknownProvider"


class MethodError(RefusalError):
    """Webhooks are posted."""

    status = 405
    word = "method not allowed"
    metric = "WrongMethod"


class TooLargeError(RefusalError):
    """The body is larger than any payment event."""

    status = 413
    word = "too large"
    metric = "TooLarge"


class MisconfiguredError(RefusalError):
    """The function cannot verify or store because of its settings."""

    word = "misconfigured"
    metric = "Misconfigured"


class UnsupportedSchemeError(RefusalError):
    """The scheme needs cryptography that is not available, and is never skipped."""

    status = 501
    word = "scheme not supported"
    metric = "UnsupportedScheme"


class StorageUnavailableError(RefusalError):
    """The table did not accept the write in time; the sender should retry."""

    status = 503
    word = "storage unavailable"
    metric = "StorageUnavailable"
