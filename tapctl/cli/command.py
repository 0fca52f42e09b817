"""From a function that takes option groups to a command of typer, with a help that shows the groups as sections."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import Field, dataclass, fields
from enum import Enum
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from tapctl.errors import ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice


@dataclass(frozen=True, slots=True)
class Only:
    """In the annotation of a group: the fields that a command offers; the others keep their defaults."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


@cache
def build(function: Callable[..., None], summary: str, examples: tuple[str, ...] = ()) -> Any:
    """The command of this function, under the function's name; the examples end its help."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(function.__name__, cls=GroupedCommand, short_help=summary, epilog="\n".join(examples))(
        expanded(function)
    )
    return typer.main.get_command(app)


def expanded(function: Callable[..., None]) -> Callable[..., None]:
    """The function with a parameter for each option of its groups, as typer takes it.

    Raises `TypeError` for an `Only` that names no field, `ValueError` for two options of one name.
    """
    groups = {
        name: _Group.of(parameter.annotation)
        for name, parameter in inspect.signature(function, eval_str=True).parameters.items()
    }

    def run(**values: Any) -> None:
        function(**{name: group.parsed(values) for name, group in groups.items()})

    run.__doc__ = function.__doc__
    parameters = [parameter for group in groups.values() for parameter in group.parameters()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return run


@dataclass(frozen=True, slots=True)
class _Group:
    """An option group as one command takes it."""

    group: type[Any]
    offered: Mapping[str, Field[Any]]

    @classmethod
    def of(cls, annotation: Any) -> "_Group":
        group, *only = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
        offered = {field.name: field for field in fields(group)}
        if only:
            names = only[0].names
            if unknown := set(names) - offered.keys():
                raise TypeError(f"{group.__name__} has no option {', '.join(unknown)}")
            offered = {name: field for name, field in offered.items() if name in names}
        return cls(group, offered)

    def parsed(self, values: Mapping[str, Any]) -> Any:
        return self.group(**{name: _field_value(field, values[name]) for name, field in self.offered.items()})

    def parameters(self) -> list[inspect.Parameter]:
        types = get_type_hints(self.group)
        return [self._parameter(field, types[field.name]) for field in self.offered.values()]

    def _parameter(self, field: Field[Any], annotation: Any) -> inspect.Parameter:
        more = dict(field.metadata)
        names, panel = more.pop("names", None), more.pop("panel", self.group.panel)
        default = field.default
        if isinstance(default, tuple) or more.pop("once", False):
            annotation, default = list[get_args(annotation)[0]], None  # type: ignore[misc]
        described = (
            typer.Option(*names, rich_help_panel=panel, **more)
            if names
            else typer.Argument(hidden=True, show_default=False, **more)
        )
        kind = inspect.Parameter.KEYWORD_ONLY
        return inspect.Parameter(field.name, kind, default=default, annotation=Annotated[annotation, described])


def _field_value(field: Field[Any], value: Any) -> Any:
    """The field's value: typer gives lists, or None for an option that may be repeated and was not given.

    Raises `UsageError` for an option that is taken once and was repeated.
    """
    if isinstance(field.default, tuple):
        return tuple(value or ())
    if not field.metadata.get("once"):
        return value
    first, *others = value or (None,)
    if others:
        name = field.metadata["names"][0]
        raise UsageError(f"`{name}` is given {len(value)} times: {', '.join(value)}", advise(UsageAdvice.RUN_FOR_EACH))
    return first


class _WithExamples:
    """A help that ends with the examples of the epilog, one a line, which can be copied since they are not wrapped."""

    epilog: str | None

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        if self.epilog:
            with formatter.section("Examples"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


class GroupedCommand(_WithExamples, TyperCommand):
    """A command whose help has a section for each group of options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """As typer does it without rich, but by section; `--help` joins the last one."""
        sections: dict[str, list[tuple[str, str]]] = {}
        panel = "Options"
        for param in self.get_params(ctx):
            panel = getattr(param, "rich_help_panel", None) or ("Options" if param in self.params else panel)
            if row := param.get_help_record(ctx):
                sections.setdefault(panel, []).append(row)
        for name, rows in sections.items():
            with formatter.section(name):
                formatter.write_dl(rows)


class Group(_WithExamples, TyperGroup):
    """A group of commands."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _take_plain_values(self.get_params(ctx))
        return super().parse_args(ctx, args)


class LazyGroup(Group):
    """A group whose commands are functions of modules that are imported when the command is used.

    `summaries` has the commands' names with their one-line help, which the group's help shows, and `examples` the
    command lines that end a command's own help.
    """

    package: ClassVar[str]
    summaries: ClassVar[Mapping[str, str]]
    examples: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.commands = {name: TyperCommand(name, short_help=summary) for name, summary in self.summaries.items()}

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        if cmd_name not in self.summaries:
            return None
        made = getattr(import_module(f"{self.package}.{cmd_name}"), cmd_name)
        if isinstance(made, TyperGroup):
            return made
        return build(made, self.summaries[cmd_name], self.examples.get(cmd_name, ()))

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - typer's signature
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


def help_alone(context: typer.Context) -> None:
    """Print the help to stderr, as a usage error, if no command is named."""
    if context.invoked_subcommand is None:
        with suppress(OSError):  # a full disk does not change the exit code
            typer.echo(context.get_help(), err=True)
        raise typer.Exit(ExitCode.USAGE)


def group(summary: str, *examples: str) -> typer.Typer:
    """A command that has commands; without one of them it prints its help, which the examples end."""
    return typer.Typer(
        help=summary,
        epilog="\n".join(examples),
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        callback=help_alone,
        invoke_without_command=True,
    )


def _take_plain_values(params: Iterable[Any]) -> None:
    """Let text, paths and choices be taken without pydantic, which typer imports for each option, given or not."""
    for param in params:
        param.__class__ = _Option if isinstance(param, TyperOption) else _Argument


class _Option(TyperOption):
    def process_value(self, ctx: Any, value: Any) -> Any:
        return _taken(self, ctx, value, super().process_value)


class _Argument(TyperArgument):
    def process_value(self, ctx: Any, value: Any) -> Any:
        return _taken(self, ctx, value, super().process_value)


def _taken(param: TyperOption | TyperArgument, ctx: Any, value: Any, by_typer: Callable[[Any, Any], Any]) -> Any:
    """The value as it is, or by typer where that must convert or refuse it."""
    plain = _plain(param.type_descriptor.annotation, value)
    if (plain is None and value is not None) or (param.required and param.value_is_missing(value)):
        return by_typer(ctx, value)
    return param.callback(ctx, param, plain) if param.callback else plain


def _plain(kind: Any, value: Any) -> Any:
    """The value as one of `kind`; None if typer must convert or refuse it."""
    if isinstance(value, list | tuple):
        items = [_plain(item_kind, item) for item_kind in get_args(kind) for item in value]
        return None if None in items else items
    if not isinstance(kind, type):
        return None
    if isinstance(value, kind):
        return value
    if issubclass(kind, Enum):
        return next((member for member in kind if member.value == value), None)
    return Path(value) if kind is Path and isinstance(value, str) else None
