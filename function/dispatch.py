"""Tells the three event shapes apart by their structure, never by a flag that a caller could set."""

from collections.abc import Callable

import door_direct
import door_http
import door_sqs
from intake import App


def answer(event: object, context: object, app: Callable[[], App]) -> dict[str, object]:
    """Answer an event of any shape."""
    if door_http.is_http(event):
        return door_http.answer(event, context, app())
    if door_sqs.is_batch(event):
        return door_sqs.answer(event, context, app())
    return door_direct.answer(event, context, app())
