"""Where a stack's functions log, for whoever has to find out why one of them did not answer as expected."""

from collections.abc import Iterator

from tapctl.unknown import Unknown
from tapctl.verify.subject import Deployed

FUNCTION = "AWS::Lambda::Function"


def advice(deployed: Deployed) -> str:
    """The command that shows the log of the stack's function, or the logs that it may be where there are several."""
    groups = tuple(_groups(deployed))
    if len(groups) == 1:
        region = deployed.id.split(":")[3]
        return f"`aws logs tail {groups[0]} --since 10m --region {region}` shows the function's log"
    return f"read the function's log, {' or '.join(groups)}" if groups else "read the function's log"


def _groups(deployed: Deployed) -> Iterator[str]:
    for each in deployed.template.resources():
        if each.type == FUNCTION and (name := deployed.physical.get(each.logical_id)):
            logging = deployed.properties(each.logical_id).get("LoggingConfig")
            chosen = logging.get("LogGroup") if isinstance(logging, dict) else None
            yield chosen if chosen and not isinstance(chosen, Unknown) else f"/aws/lambda/{name}"
