"""The capabilities that a stack needs: for resources that grant permissions, and for macros.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tapctl.resource_types import SERVERLESS_APPLICATION, STACK
from tapctl.template.model import FN_TRANSFORM, MODULE, SERVERLESS, Template
from tapctl.template.nested import StackTree

IAM = "CAPABILITY_IAM"

NAMED_IAM = "CAPABILITY_NAMED_IAM"
"""Includes CAPABILITY_IAM, and allows IAM resources with names."""

EXPAND = "CAPABILITY_AUTO_EXPAND"

_NAMES: Mapping[str, str] = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::SAMLProvider": "Name",
    "AWS::IAM::ServerCertificate": "ServerCertificateName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::VirtualMFADevice": "VirtualMfaDeviceName",
}
"""The property that gives a resource a name in the account; the PolicyName of an inline policy is only its owner's."""

_NO_VALUE = {"Ref": "AWS::NoValue"}


def capabilities(tree: StackTree) -> list[str]:
    """The capabilities that CloudFormation requires, or may require where a part of the stack is not visible.

    A resource counts whatever its condition, as CloudFormation looks at the template alone.
    """
    expanded = [member.resolver.template for member in tree.members()]
    written = [Template(template.source, template.source.value) for template in expanded]
    resources = [resource for template in (*expanded, *written) for resource in _resources(template.body)]
    hidden = any(tree.remotes()) or any(map(_is_module, resources))
    serverless = any(SERVERLESS in template.transforms for template in written)
    if hidden or any(map(_is_named, resources)):
        needed = [NAMED_IAM]
    else:
        needed = [IAM] if serverless or any(map(_grants, resources)) else []
    macros = any(template.transforms or _has_macro(template.body) for template in written)
    return [*needed, EXPAND] if hidden or macros else needed


def holds_nested(template: Template) -> bool:
    """Whether the template has nested stacks."""
    return any(resource["Type"] in (STACK, SERVERLESS_APPLICATION) for resource in _resources(template.body))


def is_generated(template: Template) -> bool:
    """Whether macros, modules or nested stacks add resources that the template does not show."""
    modules = any(map(_is_module, _resources(template.body)))
    return modules or holds_nested(template) or _has_macro(template.body)


def _resources(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every definition of a resource, those in loops included."""
    return _typed(body.get("Resources"))


def _typed(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict):
        if isinstance(value.get("Type"), str):
            yield value
        for item in value.values():
            yield from _typed(item)
    elif isinstance(value, list):
        for item in value:
            yield from _typed(item)


def _grants(resource: Mapping[str, Any]) -> bool:
    return str(resource["Type"]).startswith("AWS::IAM::")


def _is_named(resource: Mapping[str, Any]) -> bool:
    """Whether it is an IAM resource with a name, also where a condition may leave the name out."""
    name, properties = _NAMES.get(resource["Type"]), resource.get("Properties")
    return isinstance(properties, dict) and properties.get(name, _NO_VALUE) != _NO_VALUE


def _is_module(resource: Mapping[str, Any]) -> bool:
    return str(resource["Type"]).endswith(MODULE)


def _has_macro(value: Any) -> bool:
    """Whether the value contains a macro."""
    match value:
        case dict():
            return FN_TRANSFORM in value or any(map(_has_macro, value.values()))
        case list():
            return any(map(_has_macro, value))
        case _:
            return False
