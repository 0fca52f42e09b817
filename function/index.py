"""The function's entry: a payment webhook comes in as a Lambda event and is answered once it is stored.

The way through: `dispatch` tells the event's shape and picks a door (`door_http`, `door_sqs`, `door_direct`); a door
turns the event into a `Delivery`; `intake` has its provider verify the raw bytes and read notices from them;
`ledger` stores each notice in one conditional transaction; the door turns the outcome into its kind of answer.
"""

import dispatch
import wiring

wiring.warm_up()


def handler(event: object, context: object) -> dict[str, object]:
    """Answer one Lambda event."""
    return dispatch.answer(event, context, wiring.app)
