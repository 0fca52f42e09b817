"""One handler for each shape of event: it reads the event into a delivery and returns the outcome as a response.

The shape is recognised by the structure of the event, never by a flag that a caller could set.
"""

from collections.abc import Callable

from ingest import App

from handlers import direct, http, sqs


def answer(event: object, context: object, app: Callable[[], App]) -> dict[str, object]:
    """Answer an event of any shape."""
    if http.is_http(event):
        return http.answer(event, context, app())
    if sqs.is_batch(event):
        return sqs.answer(event, context, app())
    return direct.answer(event, context, app())
