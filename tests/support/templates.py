"""Templates from text, and the demand in them."""

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from tapctl.concurrency.demand import Demand
from tapctl.concurrency.read_demand import read_demand
from tapctl.template.model import Template, check
from tapctl.template.nested import StackTree, stack_tree
from tapctl.template.parameters import Parameters, bind
from tapctl.template.parse import parse
from tapctl.template.resolver import Resolver
from tapctl.unknown import Unknown

FUNCTION = """
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: {}
"""


def template(text: str, file: str = "template.yaml") -> Template:
    source = parse(dedent(text), file)
    return check(Template(source, source.value))


def resolver(
    text: str,
    given: Mapping[str, str] | None = None,
    pseudo: Mapping[str, str] | None = None,
    lookups: Mapping[str, str | Unknown] | None = None,
) -> Resolver:
    parsed = template(text)
    parameters = Parameters(given or {}, {}, lookups or {})
    return Resolver(parsed, bind(parsed, parameters), pseudo or {}, lookups or {})


def stack_tree_of(
    text: str, given: Mapping[str, str] | None = None, pseudo: Mapping[str, str] | None = None
) -> StackTree:
    return stack_tree(template(text), Parameters(given or {}), pseudo or {})


def demand(text: str, given: Mapping[str, str] | None = None, pseudo: Mapping[str, str] | None = None) -> Demand:
    return read_demand(stack_tree_of(text, given, pseudo))


def demanding(expression: str, sections: str = "", given: Mapping[str, str] | None = None) -> Any:
    """The reserved concurrency of a function by this expression; the reason where it is unknown."""
    (function,) = demand(f"{dedent(sections).strip()}\n{FUNCTION.format(expression)}", given).functions
    return function.reserved.reason if isinstance(function.reserved, Unknown) else function.reserved
