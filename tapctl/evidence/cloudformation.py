"""Experiments with CloudFormation's order, events and change sets."""

import json
from collections.abc import Iterable

from tapctl.concurrency.replacement import ADDED_OR_REMOVED, CREATE_ONLY
from tapctl.evidence.experiment import ApiCall, Experiment, Reading, Seen
from tapctl.evidence.parts import EVENTS, UPDATED, change_set, created, function, template, updated
from tapctl.resource_types import FUNCTION

ONE = template(Function=function())
CREATE_ONLY_CHANGES = {
    "FunctionName": function("{stack}-renamed"),
    "TenancyConfig": function(TenancyConfig={"TenantIsolationMode": "PER_TENANT"}),
    "DurableConfig": function(DurableConfig={"ExecutionTimeout": 60, "RetentionPeriodInDays": 1}),
}
"""A change of one create-only property each."""


Event = tuple[str, str, str, str]
"""Logical id, status, reason and token."""


def _events(seen: Seen) -> list[Event]:
    answer = seen.observations["events"].answer
    return [(name, status, reason or "", token or "") for name, status, reason, token in answer]


def _first(events: Iterable[Event], name: str, status: str) -> int | None:
    return next((place for place, event in enumerate(events) if event[:2] == (name, status)), None)


def _create_first(seen: Seen) -> Reading:
    events = _events(seen)
    made, gone = _first(events, "Second", "CREATE_COMPLETE"), _first(events, "First", "DELETE_IN_PROGRESS")
    if made is None or gone is None:
        return Reading("create-before-delete", "the events do not show the order")
    text = "created before deleted" if made < gone else "deleted before created"
    return Reading("create-before-delete", text, agrees=made < gone)


def _tokens(seen: Seen) -> Reading:
    without = [f"{name} {status}" for name, status, _, token in _events(seen) if not token.endswith("-create")]
    if without:
        return Reading("event-tokens", f"missing on {len(without)} events: {', '.join(without)}", agrees=False)
    return Reading("event-tokens", "on every event", agrees=True)


def _rollback_order(seen: Seen) -> Reading:
    events = _events(seen)
    failed = next((place for place, event in enumerate(events) if event[1] == "UPDATE_FAILED"), None)
    if failed is None:
        return Reading("rollback-order", "the update did not fail")
    back = [name for name, status, *_ in events[failed:] if status == "UPDATE_COMPLETE"]
    return Reading("rollback-order", f"back in the order {', '.join(back) or 'that no event shows'}")


def _express(seen: Seen) -> Reading:
    observed = seen.observations["second"]
    text = f"gone: {observed.code}" if observed.refused else f"still there: {observed.answer}"
    return Reading("express-delete", text, agrees=None if observed.refused else True)


def _quota_check(seen: Seen) -> Reading:
    observed = seen.observations["checks"]
    if observed.refused:
        return Reading("quota-validation", f"DescribeEvents: {observed.message}")
    named = [event for event in observed.answer or () if "oncurren" in json.dumps(event, default=str)]
    if not named:
        return Reading("quota-validation", f"not named in {len(observed.answer or ())} events")
    return Reading("quota-validation", f"named: {json.dumps(named[0], default=str)}")


def _create_only(seen: Seen) -> Reading:
    taken = {"FunctionName", *CREATE_ONLY[FUNCTION], *ADDED_OR_REMOVED[FUNCTION]}
    wrong, found = [], []
    for name in CREATE_ONLY_CHANGES:
        answer = seen.observations[name].answer
        changes = {change[0]: change[2] for change in (answer or {}).get("Changes") or ()}
        replacement = changes.get("Function")
        if replacement is None:
            found.append(f"{name} not shown")
            continue
        found.append(f"{name} {replacement}")
        if (replacement == "False") is (name in taken):
            wrong.append(name)
    seen_any = any("not shown" not in answer for answer in found)
    agrees = False if wrong else True if seen_any else None
    return Reading("create-only", f"replacement: {', '.join(found)}", agrees=agrees)


ROWS = (
    Experiment(
        id="cfn-create-first",
        claims=("create-before-delete",),
        question="Does an update create what is new before it deletes what is gone?",
        known="documented for replacements only",
        predicts={"create first": "CREATE_COMPLETE, then DELETE_IN_PROGRESS", "any order": "the other way round"},
        judgement="takes what a removed function frees as too late for the same update",
        calls=(
            *created(template(First=function())),
            *updated(template(Second=function("{stack}-second")), require=UPDATED),
            EVENTS,
        ),
        reads=_create_first,
    ),
    Experiment(
        id="cfn-rollback-order",
        claims=("rollback-order",),
        question="In which order does a rollback set the old values again?",
        known="not documented",
        predicts={"reverse": "Second, then First", "any": "First and Second in either order"},
        judgement="takes the worst order",
        calls=(
            *created(template(First=function(), Second=function("{stack}-second"), Last=function("{stack}-last"))),
            *updated(
                template(
                    First=function(Description="changed"),
                    Second={**function("{stack}-second", Description="changed"), "DependsOn": "First"},
                    Last={
                        **function("{stack}-last", ReservedConcurrentExecutions="{above}"),
                        "DependsOn": "Second",
                    },
                )
            ),
            EVENTS,
        ),
        reads=_rollback_order,
    ),
    Experiment(
        id="cfn-express",
        claims=("express-delete",),
        question="Is a removed function gone when an express update reports success?",
        known="documented as maybe still in progress",
        predicts={"later": "the function is still there", "before": "ResourceNotFoundException"},
        judgement="reads the headroom again before the next deploy",
        calls=(
            *created(template(First=function(), Second=function("{stack}-second"))),
            *updated(template(First=function()), require=UPDATED, DeploymentConfig={"Mode": "EXPRESS"}),
            ApiCall(
                "lambda",
                "GetFunction",
                {"FunctionName": "{stack}-second"},
                observe="second",
                keep="Configuration.State",
                may_fail=True,
            ),
        ),
        reads=_express,
    ),
    Experiment(
        id="cfn-event-tokens",
        claims=("event-tokens",),
        question="Does every event of an operation have the token of its request?",
        known="API_StackEvent says so, without exceptions",
        predicts={"always": "every event", "sometimes": "some events have none"},
        judgement="a deploy knows its own events by the token",
        calls=(*created(ONE), EVENTS),
        reads=_tokens,
    ),
    Experiment(
        id="cfn-quota-check",
        claims=("quota-validation",),
        question="Does CloudFormation's own quota check name reserved concurrency?",
        known="the quotas that it checks are not published",
        predicts={"covered": "a warning that names it", "not covered": "none"},
        judgement="shows what a change set's checks name beside the verdict",
        calls=(
            *created(ONE),
            *change_set(
                "quota",
                template(Function=function(ReservedConcurrentExecutions="{above}")),
                ApiCall(
                    "cloudformation",
                    "DescribeEvents",
                    {"StackName": "{stack}", "ChangeSetName": "quota"},
                    observe="checks",
                    keep="OperationEvents",
                    may_fail=True,
                ),
            ),
        ),
        reads=_quota_check,
    ),
    Experiment(
        id="cfn-create-only",
        claims=("create-only",),
        question="Which properties of a function replace it?",
        known="the resource schema lists them; documented without a change set",
        predicts={"replaced": "Replacement True or Conditional", "in place": "Replacement False"},
        judgement="counts old and new side by side",
        calls=(
            *created(ONE),
            *(
                call
                for name, changed in CREATE_ONLY_CHANGES.items()
                for call in change_set(name, template(Function=changed))
            ),
        ),
        reads=_create_only,
    ),
)
