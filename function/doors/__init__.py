"""The doors, one for each shape of event: the event comes in as a delivery, the outcome goes out as an answer.

The shapes are told apart by their structure, never by a flag that a caller could set.
"""

from collections.abc import Callable

from intake import App

from doors import direct, http, sqs


def answer(event: object, context: object, app: Callable[[], App]) -> dict[str, object]:
    """Answer an event of any shape."""
    if http.is_http(event):
        return http.answer(event, context, app())
    if sqs.is_batch(event):
        return sqs.answer(event, context, app())
    return direct.answer(event, context, app())
