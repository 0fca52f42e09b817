"""Several templates or environments in one preflight: what one adds to an account counts as used for the next."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from tapctl.concurrency.result import Preflight
from tapctl.concurrency.spent import Spent
from tapctl.concurrency.verdict import Verdict, worst
from tapctl.errors import ConfigError, ExitCode, TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.limits.row import Call
from tapctl.settings.config_file import FILE, find, load
from tapctl.state.redaction import hide, hide_parameters
from tapctl.template.cloud_assembly import MANIFEST, SynthesizedStack, in_order
from tapctl.template.lint import start
from tapctl.unknown import Count, Unknown
from tapctl.workflows.preflight import judged, linted
from tapctl.workflows.read_inputs import Inputs, read_inputs

if TYPE_CHECKING:
    from tapctl.account.model import (
        Account,
        AccountSettings,
        Holders,
        Identity,
        Increase,
        InFlight,
        PastFailure,
        Quota,
        Stack,
    )
    from tapctl.account.reader import AccountReader
    from tapctl.limits import Limit
    from tapctl.settings.settings import Settings
    from tapctl.settings.trusted import Trusted
    from tapctl.template.model import Template

READS = 8
"""Targets that are read at once."""

LINTERS = 2
"""cfn-lint processes at once; each keeps a core busy."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """One template for one environment; `name` is unique in a run."""

    name: str
    settings: Settings


@dataclass(frozen=True, slots=True)
class JudgedTarget:
    """A target and its preflight, or the error that prevented it."""

    target: Target
    outcome: Preflight | TapctlError

    @property
    def verdict(self) -> Verdict:
        return self.outcome.verdict if isinstance(self.outcome, Preflight) else Verdict.UNKNOWN

    @property
    def code(self) -> ExitCode:
        if isinstance(self.outcome, TapctlError):
            return self.outcome.exit_code
        code = ExitCode.USAGE if self.outcome.lint_errors else self.outcome.verdict.exit_code
        return ExitCode.OK if code is ExitCode.UNCERTAIN and self.target.settings.allow_uncertain else code


_WORST_FIRST = (ExitCode.FAILURE, ExitCode.USAGE, ExitCode.EXCEEDS, ExitCode.UNCERTAIN, ExitCode.OK)


def worst_code(results: Sequence[JudgedTarget]) -> ExitCode:
    """The exit code of the worst target."""
    return min((result.code for result in results), key=_WORST_FIRST.index, default=ExitCode.FAILURE)


def worst_verdict(results: Sequence[JudgedTarget]) -> Verdict:
    return worst(result.verdict for result in results)


def environments(given: Sequence[str], config: Path | None, trusted: Trusted | None) -> tuple[str | None, ...]:
    """The names of the environments; `*` stands for all that the configuration has, and the trusted one.

    Raises `UsageError` for a name that is given twice, `ConfigError` where there is none for `*`.
    """
    if "*" not in given:
        if twice := next((name for name in given if given.count(name) > 1), None):
            raise UsageError(f"the environment {twice} is given twice", advise(UsageAdvice.GIVE_ONCE))
        return tuple(given) or (None,)
    path = config or find()
    names = [*(load(path).env if path else ()), *(trusted.file.env if trusted else ())]
    if not names:
        raise ConfigError("there is no environment for `--env '*'`", advise(UsageAdvice.ADD_ENVIRONMENT, "NAME", FILE))
    return tuple(dict.fromkeys(names))


def targets(
    templates: Sequence[str],
    names: Sequence[str | None],
    settings_of: Callable[[str | None, tuple[str, ...]], Settings],
) -> tuple[Target, ...]:
    """Each template for each environment, in the order given; a CDK app stands for its stacks.

    Raises `UsageError` for a pattern that no file matches, and for a configuration that is wrong.
    """
    files = _matched(templates)
    of = partial(_of, settings_of=settings_of, several=len(files) > 1)
    chosen = [target for env in names for file in files or [""] for target in of(env, file)]
    known = [target.name for target in chosen]
    if twice := next((name for name in known if known.count(name) > 1), None):
        raise UsageError(f"the target {twice} is given twice", advise(UsageAdvice.GIVE_ONCE))
    for target in chosen:  # reading the settings of the next one has forgotten what those before hide
        hide_parameters(target.settings.hidden)
        for name in target.settings.hidden & target.settings.parameters.keys():
            hide(target.settings.parameters[name])
    return tuple(chosen)


def _matched(patterns: Sequence[str]) -> list[str]:
    files: list[str] = []
    for pattern in patterns:
        is_plain = os.path.lexists(pattern) or not any(sign in pattern for sign in "*?[")
        found = [pattern] if is_plain else sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not found:
            raise UsageError(f"no file matches {pattern}", advise(UsageAdvice.QUOTE_PATH))
        files += [file for file in found if file not in files]
    return files


def _of(
    env: str | None, file: str, settings_of: Callable[[str | None, tuple[str, ...]], Settings], *, several: bool
) -> Iterator[Target]:
    """The targets of one template; each of several is a stack of its own, whatever `stack_name` is."""
    settings = settings_of(env, (file,) if file else ())
    folder = Path(settings.template)
    if os.path.isfile(folder / MANIFEST):  # noqa: PTH113 - Path.is_file raises errors
        stacks = in_order(folder)
        for stack in stacks:
            own = _with_stack(settings, stack) if several or len(stacks) > 1 else settings
            yield Target("/".join(filter(None, (env, stack.construct))), replace(own, template=str(stack.template)))
        return
    if several:
        settings = replace(settings, stack_name=None, chosen_stack=True)
    name = "/".join(filter(None, (env, file if several or not env else "")))
    yield Target(name or settings.template, replace(settings, chosen_stack=settings.stack_name is not None or several))


def _with_stack(settings: Settings, stack: SynthesizedStack) -> Settings:
    """The settings of a stack of a CDK app, which names its stacks, and may name their accounts and Regions."""
    return replace(
        settings,
        stack_name=stack.name,
        chosen_stack=True,
        region=stack.region or settings.region,
        account=settings.account or stack.account,
    )


def judge_together(
    chosen: Sequence[Target],
    load_template: Callable[[Target], Template],
    open_account: Callable[[Target], tuple[AccountReader, Settings]],
    *,
    lints: bool,
) -> tuple[JudgedTarget, ...]:
    """The targets judged in this order, after all were read in parallel.

    What a target adds to its account and Region is used for the next ones there, unless it exceeds: then it is not
    deployed.
    """
    accounts = SharedAccounts(open_account)
    with ThreadPoolExecutor(READS, "target") as pool:
        read = list(pool.map(lambda target: _caught(lambda: _read(target, load_template, accounts)), chosen))
    spent: dict[object, Spent] = {}
    results = []
    for target, inputs in zip(chosen, read, strict=True):
        if isinstance(inputs, TapctlError):
            results.append(JudgedTarget(target, inputs))
            continue
        before = spent.get(inputs.place, Spent())
        outcome = _caught(partial(inputs.judged, before))
        if isinstance(outcome, Preflight) and outcome.verdict is not Verdict.EXCEEDS:
            spent[inputs.place] = before.after(outcome, target.name)
        results.append(JudgedTarget(replace(target, settings=inputs.settings), outcome))
    with ThreadPoolExecutor(LINTERS, "lint") as pool:
        return tuple(pool.map(lambda result: _linted(result, lints=lints), results))


def _caught(run: Callable[[], T]) -> T | TapctlError:
    try:
        return run()
    except TapctlError as error:
        return error


@dataclass(frozen=True, slots=True)
class _Read:
    """The values read for a target; `place` is its account and Region."""

    template: Template
    inputs: Inputs
    reader: AccountReader
    settings: Settings
    place: object

    def judged(self, spent: Spent) -> Preflight:
        inputs = replace(self.inputs, account=spent.on(self.inputs.account))
        return judged(self.template, inputs, self.reader, self.settings)


def _read(target: Target, load_template: Callable[[Target], Template], accounts: SharedAccounts) -> _Read:
    template = load_template(target)
    reader, settings, place = accounts.open(target)
    return _Read(template, read_inputs(template, reader, settings), reader, settings, place)


def _linted(result: JudgedTarget, *, lints: bool) -> JudgedTarget:
    if not isinstance(result.outcome, Preflight):
        return result
    preflight, settings = result.outcome, result.target.settings
    configuration = settings.trusted.linter_in_force[0] if settings.trusted else None

    def run() -> Preflight:
        if not lints:
            return linted(preflight, settings, None)
        with start(preflight.template.source, settings.region, configuration=configuration) as linting:
            return linted(preflight, settings, linting)

    return replace(result, outcome=_caught(run))


@dataclass
class SharedAccounts:
    """Opens the account of a target; targets of one account and Region share what is read of it."""

    open_account: Callable[[Target], tuple[AccountReader, Settings]]
    opened: dict[object, tuple[AccountReader, Settings, object]] = field(default_factory=dict)
    shared: dict[object, SharedReader] = field(default_factory=dict)
    locks: dict[object, Any] = field(default_factory=dict)

    def open(self, target: Target) -> tuple[AccountReader, Settings, object]:
        """The reader, the settings with what the account adds to them, and what identifies account and Region."""
        settings = target.settings
        if settings.snapshot:
            reader, settings = self.open_account(target)
            saved = reader.snapshot()
            known = saved.account_id if saved else None
            return reader, settings, (known or settings.snapshot, settings.region)
        way: object = (settings.profile, settings.region, settings.account, settings.sandbox)
        with self.locks.setdefault(way, RLock()):
            if way not in self.opened:
                reader, found = self.open_account(target)
                identity = reader.identity()
                if not isinstance(identity, Unknown):
                    found = replace(found, account=identity.account_id)
                place = way if isinstance(identity, Unknown) else (identity.account_id, identity.region)
                self.opened[way] = self.shared.setdefault(place, SharedReader(reader)), found, place
        shared, found, place = self.opened[way]
        return shared, replace(settings, region=found.region, account=found.account, learned=found.learned), place


@dataclass
class SharedReader:
    """Satisfies `tapctl.account.reader.AccountReader`: what is about the whole account is read once."""

    reader: AccountReader
    known: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, Any] = field(default_factory=dict)

    def _lock(self, name: str) -> Any:
        """One for each kind of read: different ones run in parallel."""
        return self.locks.setdefault(name, RLock())

    def _once(self, name: str, read: Callable[[], T]) -> T:
        with self._lock(name):
            if name not in self.known:
                self.known[name] = read()
            value: T = self.known[name]
            return value

    def _each(self, name: str, keys: Collection[str], read: Callable[[list[str]], Mapping[str, T]]) -> Mapping[str, T]:
        """The values of these keys, of which only those are read that were not read before."""
        with self._lock(name):
            values: dict[str, T] = self.known.setdefault(name, {})
            if missing := [key for key in keys if key not in values]:
                values.update(read(missing))
            return {key: values[key] for key in keys}

    def snapshot(self) -> Account | None:
        return self.reader.snapshot()

    def identity(self) -> Identity | Unknown:
        return self._once("identity", self.reader.identity)

    def settings(self) -> AccountSettings:
        return self._once("settings", self.reader.settings)

    def holders(self) -> Holders | Unknown:
        return self._once("holders", self.reader.holders)

    def in_flight(self) -> tuple[InFlight, ...] | Unknown:
        return self._once("in_flight", self.reader.in_flight)

    def claimed_peak(self) -> Count:
        return self._once("claimed_peak", self.reader.claimed_peak)

    def exports(self) -> Mapping[str, str] | Unknown:
        return self._once("exports", self.reader.exports)

    def quotas(self, limits: Sequence[Limit]) -> Mapping[str, Quota]:
        by_key = {limit.key: limit for limit in limits}
        # What is read parent by parent is another read where a template names other parents.
        parents = [limit.usage for limit in limits if isinstance(limit.usage, Call) and limit.usage.parent]
        return self._each(f"quotas {parents}", by_key, lambda keys: self.reader.quotas([by_key[key] for key in keys]))

    def look_up(self, keys: Sequence[str]) -> Mapping[str, str | Unknown]:
        return self._each("lookups", keys, self.reader.look_up)

    def imports(self, names: Sequence[str]) -> Mapping[str, tuple[str, ...] | Unknown]:
        return self._each("imports", names, self.reader.imports)

    def pending_increases(self, limit: Limit) -> tuple[Increase, ...] | Unknown:
        return self._once(f"increases {limit.key}", lambda: self.reader.pending_increases(limit))

    def stack(self, name: str) -> Stack | Unknown | None:
        return self.reader.stack(name)

    def with_provisioned(self, stack: Stack, functions: Collection[str]) -> Stack:
        return self.reader.with_provisioned(stack, functions)

    def deployed_template(self, stack: Stack) -> Mapping[str, Any] | str | Unknown:
        return self.reader.deployed_template(stack)

    def past_failures(self, stack: Stack) -> tuple[PastFailure, ...] | Unknown:
        return self.reader.past_failures(stack)
