"""CloudFormation's operations that make, change and delete stack sets and their instances."""

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

from tapctl.sandbox import stack_sets
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension import stack_set_targets as targets
from tapctl.sandbox.extension import stack_set_templates as templates
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.extension.query import ApiError, invalid, serve
from tapctl.sandbox.extension.stack_set_runner import StackSetRunner, now
from tapctl.sandbox.extension.stack_set_targets import SELF_MANAGED, SERVICE_MANAGED
from tapctl.sandbox.stack_sets import CREATE, DELETE, QUEUED, RUNNING, UPDATE, CellResult, Operation, SandboxStackSet

NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
EXCLUSIVE = (
    ("FailureToleranceCount", "FailureTolerancePercentage"),
    ("MaxConcurrentCount", "MaxConcurrentPercentage"),
)


def install(runner: StackSetRunner) -> None:
    """Add the actions to the emulator's."""
    api = Api(runner)
    for action, handle in (
        ("CreateStackSet", api.create_set),
        ("UpdateStackSet", api.update_set),
        ("DeleteStackSet", api.delete_set),
        ("CreateStackInstances", api.create_instances),
        ("UpdateStackInstances", api.update_instances),
        ("DeleteStackInstances", api.delete_instances),
        ("StopStackSetOperation", api.stop_operation),
    ):
        serve(action, handle)


def find(runner: StackSetRunner, request: Record) -> SandboxStackSet:
    """The stack set that a request names, by name or by id. Raises `ApiError` if it is not there."""
    account, region = targets.home(request, runner.rules), patches.REQUEST_REGION.get()()
    _deploy_to_new_accounts(runner, account)
    wanted = str(request.get("StackSetName", ""))
    delegated = request.get("CallAs") == "DELEGATED_ADMIN"
    for stack_set in runner.sets.values():
        here = (stack_set.account, stack_set.region, stack_set.status) == (account, region, "ACTIVE")
        if here and wanted in (stack_set.name, stack_set.id) and (stack_set.model == SERVICE_MANAGED or not delegated):
            return stack_set
    raise ApiError("StackSetNotFoundException", f"StackSet {wanted} not found", 404)


def find_operation(of: SandboxStackSet, request: Record) -> Operation:
    """The operation that a request names. Raises `ApiError` if it is not there."""
    operation = of.operations.get(str(request.get("OperationId", "")))
    if operation is None:
        raise ApiError("OperationNotFoundException", f"Operation {request.get('OperationId')} not found", 404)
    return operation


def arn_of(of: SandboxStackSet) -> str:
    return f"arn:aws:cloudformation:{of.region}:{of.account}:stackset/{of.id}"


class Api:
    """The operations that change something, on the stack sets of a runner."""

    def __init__(self, runner: StackSetRunner) -> None:
        self._runner = runner

    def create_set(self, request: Record) -> Record:
        account, region = targets.home(request, self._runner.rules), patches.REQUEST_REGION.get()()
        name = str(request.get("StackSetName", ""))
        if not NAME.fullmatch(name):
            raise invalid(
                f"1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy constraint:"
                " Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
            )
        if request.get("StackId"):
            raise invalid("The sandbox imports no stacks into stack sets")
        model = request.get("PermissionModel") or SELF_MANAGED
        body, template = templates.given(request)
        self._check_model(account, model, request, template)
        of = SandboxStackSet(
            id=f"{name}:{uuid4()}",
            name=name,
            account=account,
            region=region,
            template=body,
            model=model,
            parameters=templates.parameters(template, _entries(request, "Parameters") or (), None, keep=True),
            token=request.get("ClientRequestToken", ""),
            **_described(request),
        )
        templates.check_capabilities(template, of.capabilities)
        for stack_set in self._runner.sets.values():
            there = (stack_set.account, stack_set.region, stack_set.status) == (account, region, "ACTIVE")
            if there and stack_set.name == name:
                if stack_set.token and stack_set.token == of.token:
                    return {"StackSetId": stack_set.id}
                raise ApiError("NameAlreadyExistsException", f"The name {name} is already in use", 409)
        self._runner.put(of)
        return {"StackSetId": of.id}

    def update_set(self, request: Record) -> Record:
        of = find(self._runner, request)
        given = [name for name in ("TemplateBody", "TemplateURL") if request.get(name)]
        if request.get("UsePreviousTemplate") == "true":
            given.append("UsePreviousTemplate")
        if len(given) != 1:
            raise invalid("You must specify only one of TemplateBody, TemplateURL and UsePreviousTemplate")
        previous = given == ["UsePreviousTemplate"]
        body, template = (of.template, templates.parsed(of.template)) if previous else templates.given(request)
        model = request.get("PermissionModel") or of.model
        if model != of.model and of.instances:
            raise invalid("The permission model cannot be changed while the stack set has stack instances")
        if model == SERVICE_MANAGED:
            templates.refuse_transforms(template)
        keep = self._runner.rules.omitted_parameters == "keep"
        parameters = templates.parameters(template, _entries(request, "Parameters") or (), of.parameters, keep=keep)
        described = _described(request)
        templates.check_capabilities(template, described.get("capabilities", ()))
        if "managed" in described and described["managed"] != of.managed and of.active:
            raise self._in_progress(of)
        if request.get("AutoDeployment") and (request.get("DeploymentTargets") or request.get("Regions")):
            raise invalid("DeploymentTargets and Regions cannot be specified together with AutoDeployment")
        if of.administration_role and not described.get("administration_role"):
            raise invalid("AdministrationRoleARN must be specified, as the stack set has a customized one")
        if request.get("AutoDeployment"):  # who joined before is no new account
            described["known"] = tuple(targets.members(of.account, of.units))
        change = {"template": body, "parameters": parameters, "model": model, **described}
        named = any(request.get(name) for name in ("Accounts", "DeploymentTargets", "Regions"))
        cells = targets.cells(of, request, UPDATE) if named else {}
        outdates = not previous or "Parameters" in request
        return self._submit(
            of, request, UPDATE, cells, change=change, updates_set=True, everywhere=not named, outdates=outdates
        )

    def delete_set(self, request: Record) -> Record:
        try:
            of = find(self._runner, request)
        except ApiError as refused:
            if refused.code != "StackSetNotFoundException":
                raise
            return {}  # the API declares no such error for this operation
        if of.active:
            raise self._in_progress(of)
        if of.instances:
            raise ApiError("StackSetNotEmptyException", "StackSet is not empty", 409)
        self._runner.put(replace(of, status="DELETED"))
        return {}

    def create_instances(self, request: Record) -> Record:
        of = find(self._runner, request)
        cells = targets.cells(of, request, CREATE)
        change: Record = {}
        if of.model == SERVICE_MANAGED:
            units = dict.fromkeys((*of.units, *targets.targets_of(request).get("OrganizationalUnitIds", ())))
            change = {"units": tuple(units), "known": tuple(targets.members(of.account, units))}
        return self._submit(of, request, CREATE, cells, change=change)

    def update_instances(self, request: Record) -> Record:
        of = find(self._runner, request)
        return self._submit(of, request, UPDATE, targets.cells(of, request, UPDATE))

    def delete_instances(self, request: Record) -> Record:
        of = find(self._runner, request)
        if "RetainStacks" not in request:
            raise invalid("RetainStacks must be specified")
        cells = targets.cells(of, request, DELETE)
        emptied = {*targets.targets_of(request).get("OrganizationalUnitIds", ())}
        emptied -= {instance.unit for cell, instance in of.instances.items() if cell not in cells}
        units = tuple(unit for unit in of.units if unit not in emptied)
        change = {"units": units, "known": tuple(targets.members(of.account, units))}
        return self._submit(of, request, DELETE, cells, retain=request["RetainStacks"] == "true", change=change)

    def stop_operation(self, request: Record) -> Record:
        of = find(self._runner, request)
        operation = find_operation(of, request)
        if operation.status not in (QUEUED, RUNNING):
            message = f"Operation {operation.id} cannot be stopped as it is {operation.status}"
            raise ApiError("InvalidOperationException", message)
        after = stack_sets.stopped(of, operation)
        self._runner.put(stack_sets.settled(after, operation.id, now()) if operation.status == QUEUED else after)
        return {}

    def _check_model(self, account: str, model: str, request: Record, template: Record) -> None:
        if model == SELF_MANAGED:
            return
        targets.require_organization(account, self._runner.rules)
        if not request.get("AutoDeployment"):
            raise invalid("AutoDeployment must be specified for a SERVICE_MANAGED stack set")
        if request.get("AdministrationRoleARN") or request.get("ExecutionRoleName"):
            raise invalid("Roles cannot be specified in SERVICE_MANAGED permission model")
        templates.refuse_transforms(template)

    def _submit(
        self, of: SandboxStackSet, request: Record, action: str, cells: dict[str, CellResult], **more: Any
    ) -> Record:
        preferences = _preferences(request)
        overrides = None if action == DELETE else _entries(request, "ParameterOverrides")
        if unknown := sorted({name for name, _ in overrides or ()} - set(of.parameters)):
            raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        operation_id = request.get("OperationId") or str(uuid4())
        if operation_id in of.operations:
            message = f"Operation {operation_id} already exists"
            raise ApiError("OperationIdAlreadyExistsException", message, 409)
        if of.active and not of.managed:
            raise self._in_progress(of)
        operation = Operation(
            operation_id,
            action,
            now(),
            cells,
            suspended=tuple(sorted(targets.suspended(of.account))),
            preferences=preferences,
            targets=request.get("DeploymentTargets") or {},
            overrides=overrides,
            **more,
        )
        self._runner.submit(of, operation)
        return {"OperationId": operation_id}

    @staticmethod
    def _in_progress(of: SandboxStackSet) -> ApiError:
        message = f"Another Operation on StackSet {arn_of(of)} is in progress"
        return ApiError("OperationInProgressException", message, 409)


def _described(request: Record) -> Record:
    """The fields of a stack set that a request gives; what it leaves out stays as it is."""
    found: Record = {"capabilities": tuple(request.get("Capabilities") or ())}
    if "Tags" in request:
        found["tags"] = {tag["Key"]: tag["Value"] for tag in request["Tags"] or ()}
    for name, key in (
        ("description", "Description"),
        ("administration_role", "AdministrationRoleARN"),
        ("execution_role", "ExecutionRoleName"),
    ):
        if request.get(key):
            found[name] = request[key]
    if auto := request.get("AutoDeployment"):
        switches = ("Enabled", "RetainStacksOnAccountRemoval")
        found["auto_deployment"] = {name: auto.get(name) == "true" for name in switches}
    if managed := request.get("ManagedExecution"):
        found["managed"] = managed.get("Active") == "true"
    return found


def _entries(request: Record, name: str) -> tuple[tuple[str, str | None], ...] | None:
    """A list of parameters as names and values, None for UsePreviousValue; None where the request has no list."""
    if name not in request:
        return None
    entries = []
    for entry in request[name] or ():
        previous = entry.get("UsePreviousValue") == "true"
        if previous and "ParameterValue" in entry:
            key = entry["ParameterKey"]
            raise invalid(f"Parameter {key} cannot have both a value and UsePreviousValue")
        entries.append((entry["ParameterKey"], None if previous else entry.get("ParameterValue", "")))
    return tuple(entries)


def _preferences(request: Record) -> Record:
    found = dict(request.get("OperationPreferences") or {})
    for names in EXCLUSIVE:
        if all(name in found for name in names):
            raise invalid(f"You can specify {' or '.join(names)}, but not both")
    return {name: list(value or ()) if name == "RegionOrder" else value for name, value in found.items()}


def _deploy_to_new_accounts(runner: StackSetRunner, management: str) -> None:
    """Deploy to accounts that joined the units of auto-deploying stack sets, and handle those that left."""
    for of in tuple(runner.sets.values()):
        if of.account != management or of.status != "ACTIVE" or not of.auto_deployment.get("Enabled") or not of.units:
            continue
        there = targets.members(management, of.units)
        regions = tuple(dict.fromkeys(instance.region for instance in of.instances.values()))
        joined = {
            f"{account}/{region}": CellResult(account, region, unit)
            for account, unit in there.items()
            for region in regions
            if account not in of.known and f"{account}/{region}" not in of.instances
        }
        gone = set(of.known) - set(there) - targets.suspended(management)
        left = {
            cell: CellResult(instance.account, instance.region, instance.unit)
            for cell, instance in of.instances.items()
            if instance.account in gone
        }
        if set(there) != set(of.known):
            runner.put(replace(of, known=tuple(there)))
        for action, cells in ((CREATE, joined), (DELETE, left)):
            if cells:
                retain = bool(of.auto_deployment.get("RetainStacksOnAccountRemoval")) if action == DELETE else None
                operation = Operation(str(uuid4()), action, now(), cells, retain=retain, automatic=True)
                runner.submit(runner.sets[of.id], operation)
