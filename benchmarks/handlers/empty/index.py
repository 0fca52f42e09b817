"""A handler that does nothing: what the runtime itself costs."""


def handler(_event: object, _context: object) -> dict[str, object]:
    """Answer at once."""
    return {"statusCode": 200}
