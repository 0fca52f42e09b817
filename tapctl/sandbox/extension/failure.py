"""A refusal as the status reason of a stack event."""

from uuid import uuid4

from tapctl.sandbox.rules import LambdaRefusal


class HandlerError(ValueError):
    """The failure of a resource handler; its text becomes the ResourceStatusReason."""


def refused_by_lambda(refusal: LambdaRefusal, code: str = "InvalidRequest") -> HandlerError:
    """The failure of a handler whose call the Lambda API refused."""
    return refused_by("Lambda", refusal.text, refusal.status, code)


def refused_by(service: str, text: str, status: int, code: str) -> HandlerError:
    """The failure of a handler whose call a service refused."""
    return _handler_message(
        f"{text} (Service: {service}, Status Code: {status}, Request ID: {uuid4()}) (SDK Attempt Count: 1)", code
    )


def already_exists(kind: str, identifier: str) -> HandlerError:
    """The failure for a name that another resource has."""
    return _handler_message(
        f"Resource of type '{kind}' with identifier '{identifier}' already exists.", "AlreadyExists"
    )


def invalid_property(logical_id: str, name: str, value: object, least: int) -> HandlerError:
    """The failure for a property that violates the resource type's schema."""
    try:
        number = int(str(value))
    except ValueError:
        reason = "expected type: Integer, found: String"
    else:
        reason = f"{number} is not greater or equal to {least}"
    return HandlerError(f"Properties validation failed for resource {logical_id} with message: [#/{name}: {reason}]")


def _handler_message(message: str, code: str) -> HandlerError:
    return HandlerError(
        f'Resource handler returned message: "{message}" (RequestToken: {uuid4()}, HandlerErrorCode: {code})'
    )
