"""Experiments with Service Quotas; they make nothing."""

from tapctl.evidence.experiment import ApiCall, Experiment, Reading, Seen

CONCURRENT_EXECUTIONS = "L-B99A9384"
NETWORK_INTERFACES = "L-9FEE3D26"
"""Of Lambda, per VPC: a value is applied in few accounts."""


def _applied(seen: Seen) -> Reading:
    observed = seen.observations["quota"]
    if observed.refused:
        return Reading("quota-applied", f"{observed.code}: {observed.message}")
    value = int(observed.answer)
    return Reading("quota-applied", f"{value}, and GetAccountSettings {seen.limit}", agrees=value == seen.limit)


def _not_applied(seen: Seen) -> Reading:
    observed, default = seen.observations["quota"], seen.observations["default"].answer
    if observed.refused:
        agrees = observed.code == "NoSuchResourceException"
        return Reading("quota-not-applied", f"{observed.code}: {observed.message}", agrees=agrees)
    known = "the default" if observed.answer == default else f"not the default of {default}, so one is applied"
    return Reading("quota-not-applied", f"answered {observed.answer}, {known}")


def _get(code: str, operation: str = "GetServiceQuota", observe: str = "quota") -> ApiCall:
    request = {"ServiceCode": "lambda", "QuotaCode": code}
    return ApiCall("service-quotas", operation, request, observe=observe, keep="Quota.Value", may_fail=True)


ROWS = (
    Experiment(
        id="quotas-applied",
        claims=("quota-applied",),
        question="Is the applied quota of concurrent executions the limit of GetAccountSettings?",
        known="a public report says that it lags behind",
        predicts={"equal": "the same number", "lags": "an older number"},
        judgement="takes the limit of GetAccountSettings",
        calls=(_get(CONCURRENT_EXECUTIONS),),
        reads=_applied,
    ),
    Experiment(
        id="quotas-not-applied",
        claims=("quota-not-applied",),
        question="What does GetServiceQuota return where no value is applied?",
        known="documented as NoSuchResourceException",
        predicts={"refused": "NoSuchResourceException", "default": "the default value"},
        judgement="reads AWS's default instead",
        calls=(_get(NETWORK_INTERFACES), _get(NETWORK_INTERFACES, "GetAWSDefaultServiceQuota", "default")),
        reads=_not_applied,
    ),
)
