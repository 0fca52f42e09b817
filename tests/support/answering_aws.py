"""AWS that answers every operation, with empty lists unless it is told otherwise, and records each call."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from tapctl.aws.session import Aws, Connection
from tapctl.limits import catalogue
from tests.support.queued_answers import SETTINGS

REGION = "eu-west-1"


@dataclass(frozen=True)
class Recorded:
    """One call: `service:Operation`, its parameters, and when it began and ended."""

    operation: str
    parameters: str
    began: float
    ended: float


@dataclass
class AnsweringAws:
    """`answers` has what an operation answers, by its name; each call takes `latency` seconds."""

    answers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    latency: float = 0.0
    quota: float = 1_000_000.0
    applied: bool = True
    """Whether Service Quotas has applied values; else it knows AWS's defaults alone."""
    calls: list[Recorded] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def aws(self) -> Aws:
        session = boto3.Session(aws_access_key_id="key", aws_secret_access_key="secret", region_name=REGION)
        session.events.register_first("before-call", self._answer)
        return Aws(Connection(REGION, endpoint="http://127.0.0.1:9"), _session=session)

    def names(self) -> list[str]:
        return sorted(call.operation for call in self.calls)

    def repeated(self) -> list[str]:
        """The operations that were called twice with the same parameters."""
        asked = [(call.operation, call.parameters) for call in self.calls]
        return sorted({name for name, parameters in asked if asked.count((name, parameters)) > 1})

    @property
    def waiting(self) -> float:
        """The seconds in which at least one call was under way, in units of the latency that each call had."""
        total, until = 0.0, 0.0
        for call in sorted(self.calls, key=lambda call: call.began):
            total += max(0.0, call.ended - max(call.began, until))
            until = max(until, call.ended)
        return total

    def _answer(self, model: Any, params: Mapping[str, Any], **_: object) -> Any:
        began = time.monotonic()
        time.sleep(self.latency)
        service = model.service_model.service_name
        asked = json.dumps([params.get("body"), params.get("query_string"), params["url_path"]], default=str)
        with self._lock:
            self.calls.append(Recorded(f"{service}:{model.name}", asked, began, time.monotonic()))
        if model.name == "GetServiceQuota" and not self.applied:
            return AWSResponse("", 400, HTTPHeaders(), None), {"Error": {"Code": "NoSuchResourceException"}}
        return AWSResponse("", 200, HTTPHeaders(), None), self.answers.get(model.name) or self._default(model, params)

    def _default(self, model: Any, params: Mapping[str, Any]) -> dict[str, Any]:
        match model.name:
            case "GetAccountSettings":
                return SETTINGS
            case "GetServiceQuota" | "GetAWSDefaultServiceQuota":
                return {"Quota": {"Value": self.quota}}
            case "ListServiceQuotas" if not self.applied:
                return {"Quotas": []}
            case "ListServiceQuotas" | "ListAWSDefaultServiceQuotas":
                service = json.loads(params["body"])["ServiceCode"]
                codes = [limit.code for limit in catalogue() if limit.service == service and limit.has_code]
                return {"Quotas": [{"QuotaCode": code, "Value": self.quota} for code in codes]}
            case "GetCallerIdentity":
                return {"Account": "123456789012"}
        shape = model.output_shape
        members = shape.members.items() if shape else ()
        return {name: [] for name, member in members if member.type_name == "list"}
