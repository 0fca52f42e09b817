"""`tapctl config`: the settings in force, and where each value comes from."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tapctl.cli.command import GroupedCommand, Only, expanded, group
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import TapctlError
from tapctl.settings.options import AccountOptions, JudgementOptions, StackOptions, TemplateOptions

if TYPE_CHECKING:
    from tapctl.report.render import RenderOptions
    from tapctl.settings.config_file import File
    from tapctl.settings.settings import Settings

SCHEMA = "tapctl.config/1"

DEFAULT = "default"
"""Where a value comes from that nothing sets."""

AWS_VARIABLES = {"region": ("AWS_REGION", "AWS_DEFAULT_REGION"), "profile": ("AWS_PROFILE",)}
"""The variables that boto3 reads, where neither an option nor tapctl.toml has a value."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One value in force; `source` is an option, a section of the file, a variable, or `DEFAULT`."""

    key: str
    value: Any
    source: str


def show(
    template: TemplateOptions,
    account: AccountOptions,
    judgement: Annotated[JudgementOptions, Only("min_unreserved", "remedy")],
    stack: StackOptions,
    output: Annotated[OutputOptions, Only("format", "output", "quiet", "verbose")],
) -> None:
    """Show the settings in force for an environment, and where each value comes from; needs no AWS.

    The values of environment variables are never shown.
    """
    from tapctl.settings import config_file
    from tapctl.settings.settings import read

    settings = read(
        account,
        template=template,
        judgement=judgement,
        stack=stack,
        template_required=False,
        missing_secrets_unknown=True,
    )
    path = account.config or config_file.find()
    file = config_file.load(path) if path else config_file.File.model_construct()
    settings = replace(settings, hidden=settings.hidden | _secret(settings))
    options = [*_used_options(account), *_used_options(template), *_used_options(judgement), *_used_options(stack)]
    origins = list(origins_of(settings, file, dict(options)))
    terminal = Terminal.of(output)
    shown = _text if output.text else _json
    terminal.result(shown(path, settings, origins, terminal.options(output.output)), output.output)


def _secret(settings: Settings) -> frozenset[str]:
    """The parameters that the template declares with NoEcho; none where it cannot be read."""
    from tapctl.stacks.redaction import given_secrets
    from tapctl.template.load import STDIN, load

    if settings.template in ("", "-", STDIN):
        return frozenset()
    try:
        return frozenset(given_secrets(load(settings.template), settings.parameters))
    except TapctlError:
        return frozenset()


def _used_options(group: Any) -> Iterator[tuple[str, str]]:
    """The options that the command line gives, by the field that they set."""
    for field in fields(group):
        if getattr(group, field.name) != field.default:
            names = field.metadata.get("names")
            yield ("template" if field.name == "argument" else field.name), f"`{names[0]}`" if names else "argument"


def origins_of(settings: Settings, file: File, options: Mapping[str, str]) -> Iterator[Origin]:
    """Every setting in force; of tables, each entry. `options` are those that the command line gives."""
    from tapctl.settings.config_file import Environment

    sections = {f"[env.{settings.env}]": file.env[settings.env]} if settings.env else {}
    sections["[defaults]"] = file.defaults
    for key in ("template", "stack_name"):
        top = "top of the file" if getattr(file, key) else DEFAULT
        yield Origin(key, getattr(settings, key) or None, options.get(key, top))
    for key in Environment.model_fields:
        setters = [name for name, section in sections.items() if key in section.model_fields_set]
        if key in ("parameters", "minimum", "tags"):
            entries = {name: getattr(section, key) or {} for name, section in sections.items()}
            yield from _entries(key, settings, entries, options)
            continue
        source = options.get(key) or next(iter(setters), DEFAULT)
        value = sections[source].max_age if key == "max_age" and source in sections else getattr(settings, key)
        yield (_from_aws(key) if source == DEFAULT else None) or Origin(key, value, source)
    yield from _other_sections(file)
    for name in sorted(file.function.model_fields_set):
        yield Origin(f"function.{name}", getattr(settings.function, name), "[function]")
    for name in sorted(file.verify.model_fields_set):
        source = f"[verify], for {settings.verify.elsewhere}" if settings.verify.elsewhere else "[verify]"
        yield Origin(f"verify.{name}", "set", source)


_SHOWN = {"template", "stack_name", "env", "defaults", "function", "verify"}
"""What `origins_of` shows by itself."""


def _other_sections(file: File) -> Iterator[Origin]:
    """What the file sets beside environments: a table by its entries, a list of tables by their number."""
    for name, value in file.model_dump(mode="json", include=file.model_fields_set - _SHOWN).items():
        if isinstance(value, dict):
            yield from (Origin(f"{name}.{key}", entry, f"[{name}]") for key, entry in sorted(value.items()))
        else:
            yield Origin(name, f"{len(value)} set" if isinstance(value, list) else value, "top of the file")


def _from_aws(key: str) -> Origin | None:
    """The value of AWS's own variables."""
    name = next((name for name in AWS_VARIABLES.get(key, ()) if os.environ.get(name)), None)
    return Origin(key, os.environ[name], f"variable {name}") if name else None


def _entries(
    key: str, settings: Settings, sections: Mapping[str, Mapping[str, Any]], options: Mapping[str, str]
) -> Iterator[Origin]:
    """The entries of a table, each with the section that sets it, or the option if none of them does."""
    from tapctl.settings.verify_section import FromEnvironment

    option = next((options[name] for name in (key, f"{key}_file") if name in options), "`--parameters-file`")
    secret = {"parameters": settings.hidden}.get(key, frozenset())
    values: dict[str, Any] = dict(getattr(settings, key))
    if key == "parameters":
        values |= dict.fromkeys(settings.withheld) | dict.fromkeys(settings.kept, "the stack's value")
    for name in sorted(values):
        section = next((title for title, entries in sections.items() if name in entries), None)
        own = section is not None and (key != "parameters" or name in settings.configured)
        value = sections[section][name] if section and own else values[name]
        if isinstance(value, FromEnvironment):
            value = f"variable {value.env}, {'set' if value.env in os.environ else 'not set'}"
        elif name in secret:
            value = "(NoEcho, not shown)"
        yield Origin(f"{key}.{name}", value, section if section and own else option)


def _json(path: Path | None, settings: Settings, origins: Sequence[Origin], _: RenderOptions) -> str:
    document = {
        "schema": SCHEMA,
        "file": str(path) if path else None,
        "env": settings.env,
        "settings": [
            {"key": origin.key, "value": _plain(origin.value), "from": origin.source.replace("`", "")}
            for origin in origins
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _text(path: Path | None, settings: Settings, origins: Sequence[Origin], options: RenderOptions) -> str:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from tapctl.report.render import draw

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in ("setting", "value", "from"):
        table.add_column(name)
    for origin in origins:
        value = _plain(origin.value)
        if value not in (None, []):
            table.add_row(escape(origin.key), escape(_value_text(value)), escape(origin.source.replace("`", "")))
    where = f"{path or 'no tapctl.toml'}, {f'environment {settings.env}' if settings.env else 'no environment'}"
    return f"{where}\n\n{draw(options, table)}"


def _value_text(value: Any) -> str:
    """A text, and a list of texts, without quotes; any other value as JSON has it."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) and value else json.dumps(value)


def _plain(value: Any) -> Any:
    """The value as JSON has it."""
    match value:
        case Enum():
            return value.value
        case Path():
            return str(value)
        case tuple():
            return list(value)
    return value


app = group("Show the settings in force and where they come from.", "tapctl config show --env prod")
app.command(
    "show",
    cls=GroupedCommand,
    short_help="Show each setting with the place that sets it.",
    epilog="tapctl config show\ntapctl config show --env prod --format json",
)(expanded(show))

config = typer.main.get_command(app)
