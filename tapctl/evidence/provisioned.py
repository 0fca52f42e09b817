"""Experiments with Lambda's provisioned concurrency."""

from collections.abc import Callable, Mapping

from tapctl.evidence.experiment import ApiCall, Experiment, Observation, Reading, Seen, Takes
from tapctl.evidence.parts import account_settings, created, function, template

ONE = template(Function=function())


def _provisioned(seen: Seen) -> Reading:
    before, after = (seen.observations[name].answer["UnreservedConcurrentExecutions"] for name in ("before", "after"))
    fell = int(before) - int(after)
    agrees = {0: False, 1: True}.get(fell)  # another number: others changed something meanwhile
    return Reading("provisioned-unreserved", f"1 provisioned: unreserved fell by {fell}", agrees)


def _reads_refusal(claim: str) -> Callable[[Seen], Reading]:
    """Reads whether provisioned concurrency is refused, as the judgement takes it, and in which words."""

    def read(seen: Seen) -> Reading:
        answer = seen.observations["provisioned"]
        text = f"refused: {answer.message}" if answer.refused else "accepted"
        return Reading(claim, text, agrees=None if _has_another_reason(answer) else answer.refused)

    return read


def _has_another_reason(refusal: Observation) -> bool:
    """Whether a refusal is about the account's headroom, or about a version that is not ready yet."""
    return refusal.code == "ResourceConflictException" or "UnreservedConcurrentExecution" in refusal.message


_NAMED = {"FunctionName": "{stack}"}
_VERSION = {**_NAMED, "Qualifier": "{version}"}
_PUBLISH = ApiCall("lambda", "PublishVersion", _NAMED, save={"version": "Version"})
IF_ACCEPTED = "nothing if it is refused; else it is deleted at once, about 0.0002 USD"
BILLED = "about 0.0002 USD: one provisioned execution of 128 MB for at least five minutes"


def _provision(where: Mapping[str, str]) -> ApiCall:
    """One provisioned execution, which AWS is expected to refuse."""
    return ApiCall(
        "lambda",
        "PutProvisionedConcurrencyConfig",
        {**where, "ProvisionedConcurrentExecutions": 1},
        observe="provisioned",
        may_fail=True,
        undo=ApiCall("lambda", "DeleteProvisionedConcurrencyConfig", where),
    )


ROWS = (
    Experiment(
        id="lambda-provisioned",
        claims=("provisioned-unreserved",),
        question="Does provisioned concurrency without a reservation lower the unreserved concurrency?",
        known="GetAccountSettings mentions reservations only",
        predicts={"counts": "unreserved falls by 1", "does not": "unreserved stays"},
        judgement="counts provisioned concurrency as a claim",
        calls=(
            *created(ONE),
            account_settings("before"),
            _PUBLISH,
            ApiCall("lambda", "PutProvisionedConcurrencyConfig", {**_VERSION, "ProvisionedConcurrentExecutions": 1}),
            ApiCall(
                "lambda",
                "GetProvisionedConcurrencyConfig",
                _VERSION,
                until="Status != 'IN_PROGRESS'",
                require="Status == 'READY'",
                observe="provisioned",
                keep="Status",
            ),
            account_settings("after"),
            ApiCall("lambda", "DeleteProvisionedConcurrencyConfig", _VERSION),
        ),
        reads=_provisioned,
        takes=Takes.ONE,
        cost=BILLED,
        billed=True,
    ),
    Experiment(
        id="lambda-latest",
        claims=("latest-provisioned",),
        question="Is provisioned concurrency on an alias of $LATEST refused, and with which message?",
        known="documented without the message",
        predicts={"refused": "an error that names unpublished versions", "accepted": "a configuration"},
        judgement="takes it as *exceeds*",
        calls=(
            *created(ONE),
            ApiCall("lambda", "CreateAlias", {**_NAMED, "Name": "latest", "FunctionVersion": "$LATEST"}),
            _provision({**_NAMED, "Qualifier": "latest"}),
        ),
        reads=_reads_refusal("latest-provisioned"),
        cost=IF_ACCEPTED,
    ),
    Experiment(
        id="lambda-tenancy",
        claims=("tenancy-provisioned",),
        question="Is provisioned concurrency with tenant isolation refused, and with which message?",
        known="documented without the message",
        predicts={"refused": "an error that names tenant isolation", "accepted": "a configuration"},
        judgement="takes it as *exceeds*",
        calls=(
            *created(template(Function=function(TenancyConfig={"TenantIsolationMode": "PER_TENANT"}))),
            _PUBLISH,
            _provision(_VERSION),
        ),
        reads=_reads_refusal("tenancy-provisioned"),
        cost=IF_ACCEPTED,
    ),
    Experiment(
        id="lambda-snapstart",
        claims=("snapstart-provisioned",),
        question="Is provisioned concurrency with SnapStart refused, and with which message?",
        known="documented without the message",
        predicts={"refused": "an error that names SnapStart", "accepted": "a configuration"},
        judgement="takes it as *exceeds*",
        calls=(
            *created(template(Function=function(SnapStart={"ApplyOn": "PublishedVersions"}))),
            _PUBLISH,
            ApiCall(
                "lambda",
                "GetFunctionConfiguration",
                _VERSION,
                until="State != 'Pending'",
                observe="state",
                keep="State",
            ),
            _provision(_VERSION),
        ),
        reads=_reads_refusal("snapstart-provisioned"),
        cost="about 0.002 USD: the snapshot of a version, for at least three hours",
        billed=True,
    ),
)
