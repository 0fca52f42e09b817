"""The templates that a stack and its nested stacks were deployed from, resolved as they were deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tapctl.account.model import Stack
from tapctl.errors import TemplateError
from tapctl.template.load import from_stack
from tapctl.template.nested import RemoteStack, StackTree, passed_down
from tapctl.template.parameters import Parameters, bind
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader


def deployed_resolver(
    stack: Stack, body: Mapping[str, Any] | str, prefix: str, given: Mapping[str, str | Unknown], context: Resolver
) -> Resolver:
    """The template of the stack with this prefix under the parameters that it was given.

    Raises `TemplateError` for a template that tapctl cannot read.
    """
    template = from_stack(body, f"{prefix.rstrip('/')} of {stack.name}" if prefix else stack.name)
    declared = {name: value for name, value in given.items() if name in template.parameters}
    bound = bind(template, Parameters({}, declared, stack.stored))
    return Resolver(template, bound, context.pseudo, context.lookups)


def deployed_tree(
    reader: AccountReader, stack: Stack, context: Resolver, names: Collection[str]
) -> StackTree | RemoteStack:
    """The deployed template, with those of the nested stacks that have one of the resources.

    One that could not be read is a `RemoteStack`. `context` has the values of pseudo parameters and of look-ups.
    """
    return _Reading(reader, stack, names).of("", stack.parameters, context)


@dataclass(frozen=True, slots=True)
class _Reading:
    reader: AccountReader
    stack: Stack
    names: Collection[str]

    def of(self, prefix: str, given: Mapping[str, str | Unknown], context: Resolver) -> StackTree | RemoteStack:
        stack = replace(self.stack, id=self.stack.nested[prefix]) if prefix else self.stack
        body = self.reader.deployed_template(stack)
        if isinstance(body, Unknown):
            return RemoteStack(prefix, stack.name, 0, body)
        try:
            resolver = deployed_resolver(stack, body, prefix, given, context)
            # Only CloudFormation knows the name of a nested stack.
            unnamed = {name: value for name, value in resolver.pseudo.items() if name != "AWS::StackName"}
            below = replace(resolver, pseudo=unnamed)
            nested = {f"{prefix}{resource.logical_id}/": resource for resource in resolver.template.resources()}
            children = tuple(
                self.of(name, passed_down(resolver, stack), below)
                for name, stack in nested.items()
                if self._holds(name)
            )
        except TemplateError as error:
            return RemoteStack(prefix, stack.name, 0, Unknown(error.message))
        return StackTree(prefix, resolver, Parameters({}, given), True, children)

    def _holds(self, prefix: str) -> bool:
        return prefix in self.stack.nested and any(name.startswith(prefix) for name in self.names)
