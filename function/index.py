"""The function's entry: a payment webhook comes in as a Lambda event and is answered once it is stored.

`handlers` recognises the event's shape and reads a `Delivery` from it; `ingest` lets the provider (`providers`) verify
the raw bytes and read notices from them; `store` writes each notice in one conditional transaction through the client
in `aws`; the handler turns the outcome (`outcomes`) into a response.
"""

import handlers
import wiring

wiring.warm_up()


def handler(event: object, context: object) -> dict[str, object]:
    """Answer one Lambda event."""
    return handlers.answer(event, context, wiring.app)
