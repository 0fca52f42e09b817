"""Experiments with Lambda's concurrency."""

from typing import Any

from tapctl.account.floor_cache import floor_in_error
from tapctl.concurrency.judge import DOCUMENTED_FLOOR, FLOOR_RULES, floor, floor_rule
from tapctl.evidence.experiment import ApiCall, Experiment, Observation, Reading, Seen, Takes
from tapctl.evidence.parts import UPDATED, account_settings, created, function, reserve, template, updated

ONE = template(Function=function())


def _minimum(seen: Seen) -> Reading:
    rule, bounds, answer = floor_rule(seen.limit), floor(seen.limit), seen.observations["above-limit"]
    if not answer.refused:
        return Reading(rule.claim, f"{seen.limit + 1} were reserved with a limit of {seen.limit}", agrees=False)
    minimum = floor_in_error(answer.message)
    if minimum is None:
        return Reading(rule.claim, f"refused without a minimum: {answer.message}")
    text = f"{minimum} with a limit of {seen.limit}"
    if bounds.known:
        return Reading(rule.claim, text, agrees=minimum == bounds.safe)
    return Reading(rule.claim, text, agrees=None if bounds.hard <= minimum <= bounds.safe else False)


def _is_full(seen: Seen) -> bool:
    """Whether only the minimum was left: others may have reserved or freed some meanwhile."""
    return bool(seen.observations["full"].answer["UnreservedConcurrentExecutions"] == seen.unreserved - seen.headroom)


CHANGED = "the account's headroom changed meanwhile"


def _zero(seen: Seen) -> Reading:
    answer = seen.observations["zero"]
    if not _is_full(seen):
        return Reading("zero-reservation", CHANGED)
    if answer.refused:
        return Reading("zero-reservation", f"refused: {answer.message}", _by_minimum(answer))
    return Reading("zero-reservation", "accepted at full headroom", agrees=True)


def _own(seen: Seen) -> Reading:
    answer = seen.observations["again"]
    if not _is_full(seen):
        return Reading("own-reservation", CHANGED)
    if answer.refused:
        return Reading("own-reservation", f"not credited: {answer.message}", _by_minimum(answer))
    return Reading("own-reservation", f"{seen.headroom} reserved again at full headroom", agrees=True)


def _delay(seen: Seen) -> Reading:
    observed = seen.observations["after"]
    return Reading("unreserved-delay", f"shown after {observed.seconds:.0f} s")


def _by_minimum(refusal: Observation) -> bool | None:
    """False, as a contradiction, for a refusal with the minimum; None for any other."""
    return None if floor_in_error(refusal.message) is None else False


def _maximum(seen: Seen) -> Reading:
    status, reason = seen.observations["mapping"].answer
    return Reading("maximum-concurrency", "accepted" if status == "UPDATE_COMPLETE" else f"refused: {reason or status}")


def _sources() -> dict[str, Any]:
    """A function that reserves 1, with a queue that it may read."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "{stack}"}}
    body = template(Function=function(ReservedConcurrentExecutions=1), Queue=queue)
    actions = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": {"Fn::GetAtt": ["Queue", "Arn"]}}
    policy = {"PolicyName": "queue", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    role = body["Resources"]["Role"]
    body["Resources"]["Role"] = {**role, "Properties": {**role["Properties"], "Policies": [policy]}}
    return body


SOURCES = _sources()
MAPPING = {
    "Type": "AWS::Lambda::EventSourceMapping",
    "Properties": {
        "FunctionName": {"Ref": "Function"},
        "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
        "Enabled": False,
        "ScalingConfig": {"MaximumConcurrency": 2},
    },
}

_NAMED = {"FunctionName": "{stack}"}
_GET_RESERVED = ApiCall(
    "lambda", "GetFunctionConcurrency", _NAMED, observe="reserved", keep="ReservedConcurrentExecutions"
)
ROWS = (
    Experiment(
        id="lambda-minimum",
        claims=tuple(rule.claim for rule in (*FLOOR_RULES, DOCUMENTED_FLOOR)),
        question="How much must stay unreserved with this account's limit?",
        known="no API returns it; open for limits between 10 and 1000",
        predicts={
            "min(100, limit)": "the smaller of 100 and the limit",
            "limit / 10": "a tenth of the limit, from 10 to 100",
            "per account": "another number",
        },
        judgement="counts it as the minimum of accounts with this limit, instead of *uncertain*",
        calls=(*created(ONE), reserve("{above}", observe="above-limit", may_fail=True, undo=True)),
        reads=_minimum,
    ),
    Experiment(
        id="lambda-zero",
        claims=("zero-reservation",),
        question="Is a reservation of 0 accepted when nothing more can be reserved?",
        known="PutFunctionConcurrency does not mention it",
        predicts={"exempt": "accepted", "checked": "refused with the minimum"},
        judgement="takes a reservation of 0 as *fits* in every account",
        calls=(
            *created(template(Function=function(), Full=function("{stack}-full"))),
            reserve("{headroom}", name="{stack}-full"),
            account_settings("full"),
            reserve(0, observe="zero", may_fail=True),
        ),
        reads=_zero,
        takes=Takes.ALL,
    ),
    Experiment(
        id="lambda-own-reservation",
        claims=("own-reservation",),
        question="Is a function's own reservation credited before a new one is checked?",
        known="PutFunctionConcurrency does not mention it",
        predicts={"credited": "the same reservation is accepted again", "not credited": "refused with the minimum"},
        judgement="counts the increase of a reservation only",
        calls=(
            *created(ONE),
            reserve("{headroom}"),
            account_settings("full"),
            reserve("{headroom}", observe="again", may_fail=True),
        ),
        reads=_own,
        takes=Takes.ALL,
    ),
    Experiment(
        id="lambda-unreserved-delay",
        claims=("unreserved-delay",),
        question="How soon does the unreserved concurrency follow a reservation?",
        known="GetAccountSettings does not mention it",
        predicts={"at once": "the first answer", "delayed": "a later answer"},
        judgement="reads the headroom again right before a deploy executes",
        calls=(
            *created(ONE),
            account_settings("before"),
            reserve(1),
            account_settings("after", until="AccountLimit.UnreservedConcurrentExecutions < `{unreserved}`"),
        ),
        reads=_delay,
        takes=Takes.ONE,
    ),
    Experiment(
        id="lambda-maximum-concurrency",
        claims=("maximum-concurrency",),
        question="Is MaximumConcurrency above the function's reservation refused, and with which message?",
        known="not documented; two public reports",
        predicts={"refused": "the update fails", "accepted": "the update succeeds"},
        judgement="takes it as *exceeds*, or as *fits*, instead of *uncertain*",
        calls=(
            *created(SOURCES),
            *updated({"Resources": {**SOURCES["Resources"], "Mapping": MAPPING}}, observe="mapping"),
        ),
        reads=_maximum,
        takes=Takes.ONE,
        cost="nothing: an empty queue, and an event source that is not enabled",
    ),
    Experiment(
        id="lambda-restated",
        claims=("restated-property",),
        question="Does an update set a reservation again that was deleted by hand and that the template keeps?",
        known="not documented",
        predicts={"restated": "0 is reserved again", "left": "no reservation"},
        judgement="counts what the template says, or what was changed by hand, instead of *uncertain*",
        calls=(
            *created(template(Function=function(ReservedConcurrentExecutions=0))),
            ApiCall("lambda", "DeleteFunctionConcurrency", _NAMED),
            *updated(
                template(Function=function(ReservedConcurrentExecutions=0, Description="changed")), require=UPDATED
            ),
            _GET_RESERVED,
        ),
        reads=lambda seen: Reading(
            "restated-property", "left as it is" if seen.observations["reserved"].answer is None else "restated"
        ),
    ),
    Experiment(
        id="lambda-removed",
        claims=("removed-property",),
        question="Is a reservation deleted when the property leaves the template?",
        known="the schema lists DeleteFunctionConcurrency; not documented",
        predicts={"deleted": "no reservation", "kept": "0 stays reserved"},
        judgement="counts it as freed",
        calls=(
            *created(template(Function=function(ReservedConcurrentExecutions=0))),
            *updated(ONE, require=UPDATED),
            _GET_RESERVED,
        ),
        reads=lambda seen: Reading(
            "removed-property",
            "deleted" if seen.observations["reserved"].answer is None else "kept",
            agrees=seen.observations["reserved"].answer is None,
        ),
    ),
)
