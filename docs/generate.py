"""Writes the generated blocks of README.md and docs/*.md; `--check` only says which are out of date.

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`. CI runs the check, so a change of an option, a
limit, an exit code or a configuration key comes with its documentation.
"""

import ast
import io
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tapctl.errors import EXIT_CODES  # noqa: E402 - needs the path
from tapctl.evidence import EXPERIMENTS, policy  # noqa: E402
from tapctl.evidence.claims import CLAIMS  # noqa: E402
from tapctl.evidence.record import records  # noqa: E402
from tapctl.limits import catalogue, no_limits  # noqa: E402
from tapctl.limits.row import SERVICE_QUOTAS  # noqa: E402

BLOCK = re.compile(r"(?ms)^<!-- generated: (?P<name>[a-z -]+) -->\n.*?^<!-- end -->$")


def table(header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def exit_codes() -> str:
    return table(("code", "means"), ((str(int(code)), meaning) for code, meaning in EXIT_CODES.items()))


def limits() -> str:
    rows = ((f"`{limit.id}`", limit.title, ", ".join(_reads(limit.permissions)) or "nothing") for limit in catalogue())
    return table(("limit", "of", "read with"), rows)


def _reads(actions: tuple[str, ...]) -> list[str]:
    """The actions in code, those of Service Quotas as one."""
    own = [f"`{action}`" for action in actions if action not in SERVICE_QUOTAS]
    return own if len(own) == len(actions) else [*own, "Service Quotas"]


def without_limits() -> str:
    rows = (
        (", ".join(f"`{type_}`" for type_ in group.types), f"[{group.reason}]({group.docs})") for group in no_limits()
    )
    return table(("types", "why"), rows)


INDEX = ROOT / "tapctl" / "limits" / "index.json"


def index() -> str:
    """Which files of `tapctl/limits/` have rows for a resource type, so that no other file is imported."""
    services = sorted(path.stem for path in INDEX.parent.glob("*.py") if path.stem not in ("__init__", "row"))
    always: dict[str, None] = {}
    files: dict[str, dict[str, None]] = {}
    for service in services:
        for limit in import_module(f"tapctl.limits.{service}").ROWS:
            if not limit.types or limit.own_stack:
                always[service] = None
            for type_ in limit.types:
                files.setdefault(type_, {})[service] = None
    document = {
        "services": services,
        "always": list(always),
        "files": {type_: list(names) for type_, names in sorted(files.items())},
    }
    return json.dumps(document, indent=1) + "\n"


def field_docs(file: Path, name: str) -> Iterator[tuple[str, str]]:
    """Each field of a settings class with the docstring below it, which pydantic does not read."""
    classes = {
        node.name: node for node in ast.parse(file.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
    }
    body = classes[name].body
    for field, below in itertools.zip_longest(body, body[1:]):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and field.target.id[0] != "_":
            if not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)):
                raise SystemExit(f"{file.name}: {name}.{field.target.id} has no docstring")
            yield field.target.id, " ".join(str(below.value.value).split()).removesuffix(".")


def configuration() -> str:
    """The keys of tapctl.toml, the top first."""
    folder = ROOT / "tapctl" / "settings"
    sections = {
        "": field_docs(folder / "config_file.py", "File"),
        "[env.NAME] ": field_docs(folder / "config_file.py", "Environment"),
        "[fleet.NAME] ": field_docs(folder / "fleet_section.py", "Fleet"),
        "[function] ": field_docs(folder / "config_file.py", "FunctionConfig"),
        "[[ignore]] ": field_docs(folder / "findings.py", "Ignore"),
        "[verify] ": field_docs(folder / "verify_section.py", "VerifyConfig"),
        "[limits] ": field_docs(folder / "findings.py", "LimitsConfig"),
        '[limits."SERVICE/CODE"] ': field_docs(folder / "findings.py", "QuotaOverride"),
        "[[limits.own]] ": field_docs(folder / "findings.py", "OwnLimit"),
    }
    return _keys(sections)


def environment() -> str:
    """The keys of one environment."""
    return _keys({"": field_docs(ROOT / "tapctl" / "settings" / "config_file.py", "Environment")})


def _keys(sections: Mapping[str, Iterable[tuple[str, str]]]) -> str:
    rows = ((f"`{section}{key}`", text) for section, fields in sections.items() for key, text in fields)
    return table(("key", "means"), rows)


SCHEMA = ROOT / "tapctl" / "schemas" / "tapctl.toml.json"


def schema() -> str:
    """The JSON Schema of tapctl.toml, for editors: pydantic's, with the docstrings of the fields."""
    from tapctl.settings.config_file import File

    document = File.model_json_schema()
    folder = ROOT / "tapctl" / "settings"
    models = {"File": document, **document["$defs"]}
    for file, name in (
        ("config_file", "File"),
        ("config_file", "Environment"),
        ("config_file", "FunctionConfig"),
        ("fleet_section", "Fleet"),
        ("fleet_section", "FleetAccount"),
        ("verify_section", "VerifyConfig"),
        ("findings", "LimitsConfig"),
        ("findings", "QuotaOverride"),
        ("findings", "OwnLimit"),
    ):
        for key, text in field_docs(folder / f"{file}.py", name):
            models[name]["properties"][key]["description"] = text
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **document, "title": "tapctl.toml"}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def schemas() -> str:
    """The documents by the names of their schemas, with what prints each."""
    rows = []
    for path in sorted(SCHEMA.parent.glob("*-*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        says = document["description"].removesuffix(" Fields may be added.")
        rows.append((f"[`{document['title']}`](../tapctl/schemas/{path.name})", says))
    return table(("schema", "is"), iter(rows))


WRITTEN: Mapping[Path, Callable[[], str]] = {INDEX: index, SCHEMA: schema}
"""The files that are generated as a whole."""


def rules() -> str:
    """A section for each rule, under the anchor that a finding's help address has."""
    from tapctl.report.explain import anchor
    from tapctl.report.explain import rules as all_rules

    sections = []
    for rule in all_rules():
        code = re.sub(r"\b((?:AWS::)[\w:]+|[a-z0-9-]+:[A-Z]\w+)", r"`\1`", rule.text)
        more = f"\n\n[AWS documentation]({rule.docs})" if rule.docs else ""
        mark = "" if anchor(rule.id) == rule.id else f'<a id="{anchor(rule.id)}"></a>\n\n'
        sections.append(f"{mark}## {rule.id}\n\n**{rule.title}.** {code}\n\n{rule.remedy}{more}")
    return "\n\n".join(sections)


TERMINAL = {"COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}
"""What the environment says of the terminal whose help is shown."""


def help_of(command: str) -> str:
    from tapctl.cli.app import app

    os.environ.update(TERMINAL)
    with redirect_stdout(io.StringIO()) as printed:
        app([*command.split(), "--help"], prog_name="tapctl", standalone_mode=False)
    return "```text\n" + "\n".join(line.rstrip() for line in printed.getvalue().strip().splitlines()) + "\n```"


def claims() -> str:
    """Each claim with its grade, its experiments, its sources and the records of AWS that answer it."""
    answers: dict[str, list[str]] = {}
    for file, record in records(ROOT / "evidence"):
        for entry in record["experiments"]:
            if entry["outcome"] != "skipped":
                link = f"[{record['taken_at'][:10]} {record['region']}](../evidence/{file.name}): {entry['answer']}"
                answers.setdefault(entry["claim"], []).append(link)
    rows = (
        (
            f"`{claim.id}`",
            claim.text,
            claim.grade.value,
            claim.judged,
            ", ".join(f"`{row.id}`" for row in EXPERIMENTS.values() if claim.id in row.claims) or "none",
            ", ".join(f"[{number}]({source})" for number, source in enumerate(claim.sources, 1)),
            "; ".join(answers.get(claim.id, ())) or "none",
        )
        for claim in CLAIMS
    )
    yet = "" if answers else "No claim is measured yet: there is no record of AWS.\n\n"
    return yet + table(("claim", "AWS does", "grade", "the judgement", "experiment", "sources", "records"), rows)


def experiments() -> str:
    rows = (
        (
            f"`{row.id}`",
            row.question,
            "; ".join(f"{name}: {what}" for name, what in row.predicts.items()),
            row.judgement,
            row.takes.value,
            row.cost.partition(":")[0],
        )
        for row in EXPERIMENTS.values()
    )
    return table(("experiment", "question", "predictions", "with the answer, tapctl", "holds", "costs"), rows)


def evidence_policy() -> str:
    return "```json\n" + json.dumps(policy(tuple(EXPERIMENTS.values())), indent=2) + "\n```"


GENERATORS: Mapping[str, Callable[[], str]] = {
    "exit codes": exit_codes,
    "limits": limits,
    "no limits": without_limits,
    "evidence claims": claims,
    "evidence experiments": experiments,
    "evidence policy": evidence_policy,
    "configuration": configuration,
    "environment": environment,
    "rules": rules,
    "schemas": schemas,
}


def generated(name: str) -> str:
    """The content of one block; `help COMMAND` is the help of the command."""
    return help_of(name.removeprefix("help").strip()) if name.startswith("help") else GENERATORS[name]()


def renewed(text: str) -> str:
    return BLOCK.sub(
        lambda block: f"<!-- generated: {block['name']} -->\n{generated(block['name'])}\n<!-- end -->", text
    )


def main(arguments: list[str]) -> int:
    outdated = []
    for path in (*WRITTEN, ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        if (new := WRITTEN[path]() if path in WRITTEN else renewed(text)) != text:
            outdated.append(str(path.relative_to(ROOT)))
            if "--check" not in arguments:
                path.parent.mkdir(exist_ok=True)
                path.write_text(new, encoding="utf-8")
                if path == INDEX:  # the catalogue was loaded by the old one
                    return subprocess.run([sys.executable, __file__], check=False).returncode  # noqa: S603 - this script
    if outdated and "--check" in arguments:
        sys.stderr.write(f"error: out of date: {', '.join(outdated)}\nhint: `make docs` writes them\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
