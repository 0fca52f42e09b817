"""What a template has that does not show: custom resources, stack sets, modules, macros, and managed instances."""

from collections.abc import Iterator

from tapctl.concurrency.demand import OpaqueResource
from tapctl.resource_types import CAPACITY_PROVIDER, CUSTOM_RESOURCES, FUNCTION, STACK_SET
from tapctl.template.includes import includes_only, transforms
from tapctl.template.model import FN_TRANSFORM, INCLUDE, KNOWN_TRANSFORMS, MODULE, Resource, not_here
from tapctl.template.nested import StackTree
from tapctl.template.resolver import Resolver, existence
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown


def opaque_resources(member: StackTree) -> Iterator[OpaqueResource]:
    """Custom resources, stack sets, modules, macros, and functions on managed instances."""
    resolver = member.resolver
    template = resolver.template
    for resource in template.resources():
        reason = _why_opaque(resolver, resource)
        if reason and existence(resolver, resource) is not False:
            name = f"{member.prefix}{resource.logical_id}"
            yield OpaqueResource(name, resource.type, resource.file, resource.line, reason)
    for name in template.transforms:
        if name not in KNOWN_TRANSFORMS:
            file, line = template.place("Transform")
            yield OpaqueResource(f"{member.prefix}Transform", name, file, line, "a macro may rewrite the template")


def parts_not_here(member: StackTree) -> Iterator[OpaqueResource]:
    """What `AWS::Include` and macros bring where it is no resource: it is named, and unknown where it is used."""
    template = member.resolver.template
    shown = () if template.shows_all else transforms(template.body)
    for path, macros in (*shown, *template.lost.items()):
        if path[0] == "Resources" and (path[:2] in template.opaque or len(path) == 2):
            continue
        file, line = template.place(*path)
        name = path[1] if len(path) > 1 and path[1] != FN_TRANSFORM else path[0]
        unknown = template.opaque.get(path)
        reason = unknown.reason if unknown else f"{not_here(macros)} may set {'.'.join(map(str, path[2:-1]))}"
        yield OpaqueResource(
            f"{member.prefix}{name}", INCLUDE if includes_only(macros) else FN_TRANSFORM, file, line, reason
        )


def _why_opaque(resolver: Resolver, resource: Resource) -> str:
    if resource.type.startswith(CUSTOM_RESOURCES):
        return "a custom resource may create functions"
    if resource.type.endswith(MODULE):
        return "a module is expanded by CloudFormation"
    if resource.type == STACK_SET:
        return "a stack set may create functions in this account"
    if resource.type == FN_TRANSFORM:
        return "a macro expands it at deploy time"
    if on_instances(resolver, resource):
        return "it runs on managed instances; AWS does not document how they count toward the concurrency limit"
    return ""


_ON_INSTANCES = Unknown(
    "it runs on managed instances, and AWS does not document what reserved or provisioned concurrency does there",
    "leave out the reservation; the capacity provider limits how far the function scales",
)


def on_instances(resolver: Resolver, resource: Resource) -> Unknown | None:
    """Why a function's claim is unknown, where it runs on managed instances or may; None for an ordinary function.

    Their quotas are apart from the concurrency limit, and what a reservation or provisioned concurrency does there is
    not documented: https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html
    """
    if resource.type != FUNCTION:
        return None
    path = ("Resources", resource.logical_id, "Properties", CAPACITY_PROVIDER)
    config = resolver.value(resource.properties.get(CAPACITY_PROVIDER, NO_VALUE), path)
    if config is NO_VALUE:
        return None
    if isinstance(config, Unknown):
        reason = f"it may run on managed instances, where AWS does not document it: {config.reason}"
        return Unknown(reason, config.resolution, lookup=config.lookup)
    return _ON_INSTANCES
