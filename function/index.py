"""The function's entry: a payment webhook comes in as a Lambda event and is answered once it is stored.

The way through: `doors` tells the event's shape, and the door for it turns the event into a `Delivery`; `intake` has
its provider (`providers`) verify the raw bytes and read notices from them; `store` writes each notice in one
conditional transaction, over the wire of `aws`; the door turns the outcome (`verdicts`) into its kind of answer.
"""

import doors
import wiring

wiring.warm_up()


def handler(event: object, context: object) -> dict[str, object]:
    """Answer one Lambda event."""
    return doors.answer(event, context, wiring.app)
