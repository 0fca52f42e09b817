"""A refusal in the words in which CloudFormation puts it into a stack event."""

from uuid import uuid4

from tapctl.sandbox.rules import Refusal


class HandlerError(ValueError):
    """What a resource handler fails with; its text becomes the event's reason."""


def refused_by_lambda(refusal: Refusal, code: str = "InvalidRequest") -> HandlerError:
    """Report a call of the resource handler that the Lambda API refused."""
    return _handler_message(
        f"{refusal.text} (Service: Lambda, Status Code: {refusal.status}, Request ID: {uuid4()})"
        " (SDK Attempt Count: 1)",
        code,
    )


def already_exists(kind: str, identifier: str) -> HandlerError:
    """Report a name that is taken."""
    return _handler_message(
        f"Resource of type '{kind}' with identifier '{identifier}' already exists.", "AlreadyExists"
    )


def invalid_property(logical_id: str, name: str, value: object, least: int) -> HandlerError:
    """Report a property that does not fit the resource's schema."""
    try:
        number = int(str(value))
    except ValueError:
        why = "expected type: Integer, found: String"
    else:
        why = f"{number} is not greater or equal to {least}"
    return HandlerError(f"Properties validation failed for resource {logical_id} with message: [#/{name}: {why}]")


def _handler_message(message: str, code: str) -> HandlerError:
    return HandlerError(
        f'Resource handler returned message: "{message}" (RequestToken: {uuid4()}, HandlerErrorCode: {code})'
    )
