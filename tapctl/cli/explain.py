"""`tapctl explain`: what a rule, a verdict, an exit code or a word of the output means."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import EXIT_CODES, ExitCode, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.options import argument

if TYPE_CHECKING:
    from tapctl.report.explain import RuleText

SCHEMA = "tapctl.explain/1"

LINT_RULE = re.compile(r"[EWI]\d{4}")
LINT_RULES = "https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicOptions:
    """The topic to explain."""

    panel: ClassVar = "Explain"

    topic: str | None = argument("RULE|VERDICT|EXITCODE|WORD")


@dataclass(frozen=True, slots=True)
class Topic:
    """One entry of `tapctl explain`: its kind, name, title, meaning, next step and link."""

    kind: str
    name: str
    title: str
    text: str = ""
    remedy: str = ""
    docs: str = ""


def explain(what: TopicOptions, output: OutputOptions) -> None:
    """Say what a rule, a verdict, an exit code or a word of the output means, and what to do.

    Without a name, lists them; needs no AWS.
    """
    found = list(topics()) if what.topic is None else [topic_of(what.topic)]
    text = _list(found) if what.topic is None else as_text(found[0])
    Terminal.of(output).result(text if output.text else as_json(found), output.output)


def topics() -> Iterator[Topic]:
    """Everything that can be explained but the rules of cfn-lint."""
    from tapctl.report.explain import VERDICTS, rules
    from tapctl.report.words import NEXT_STEPS, WORDS

    for verdict, text in VERDICTS.items():
        allowed = "`--allow-uncertain` makes the exit code 0." if verdict.exit_code is ExitCode.UNCERTAIN else ""
        yield Topic("verdict", verdict.value, f"exit code {int(verdict.exit_code)}", text, allowed)
    for code, meaning in EXIT_CODES.items():
        title, step = code.name.lower().replace("_", " "), NEXT_STEPS.get(code, "")
        yield Topic("exit code", str(int(code)), title, meaning, step)
    yield from (_of_rule("word", word) for word in WORDS)
    yield from (_of_rule("rule", rule) for rule in rules())


def _of_rule(kind: str, rule: RuleText) -> Topic:
    return Topic(kind, rule.id, rule.title, rule.text, rule.remedy, rule.docs)


def topic_of(name: str) -> Topic:
    """The topic of this name, in any case and with blanks for hyphens; of tapctl's own rules also without `tapctl:`.

    Raises `UsageError` for another word, with the nearest one.
    """
    if LINT_RULE.fullmatch(name):
        means = "an E ends a preflight with 2, a W or an I only warns"
        return Topic("rule", name, f"is a rule of cfn-lint; {means}", docs=f"{LINT_RULES}#{name}")
    known = {topic.name.lower(): topic for topic in topics()}
    sought = "-".join(name.lower().split())
    if found := known.get(sought) or known.get(f"tapctl:{sought}"):
        return found
    near = difflib.get_close_matches(sought, known, n=1)
    hint = advise(UsageAdvice.DID_YOU_MEAN, known[near[0]].name) if near else advise(UsageAdvice.LIST_EXPLANATIONS)
    raise UsageError(f"there is no rule, verdict, exit code or word `{name}`", hint)


# ---------------------------------------------------------------------------------------------------------------------
# Rendering
# ---------------------------------------------------------------------------------------------------------------------


def as_text(topic: Topic) -> str:
    """The name with the title, then each part in a paragraph."""
    parts = [_heading(topic), topic.text, topic.remedy, topic.docs]
    return "\n\n".join(part for part in parts if part) + "\n"


def _heading(topic: Topic) -> str:
    match topic.kind:
        case "exit code":
            return f"exit code {topic.name} ({topic.title})"
        case "verdict":
            return f"verdict {topic.name}, {topic.title}"
        case _ if LINT_RULE.fullmatch(topic.name):
            return f"{topic.name} {topic.title}"
        case _:
            return f"{topic.name}: {topic.title}"


def as_json(found: Sequence[Topic]) -> str:
    """The contract `tapctl.explain/1`."""
    entries = [
        {
            "name": topic.name,
            "kind": topic.kind,
            "title": topic.title,
            "text": topic.text,
            "remedy": topic.remedy or None,
            "docs": topic.docs or None,
        }
        for topic in found
    ]
    return json.dumps({"schema": SCHEMA, "topics": entries}, indent=2) + "\n"


def _list(found: Sequence[Topic]) -> str:
    """The names by kind; of an exit code its meaning, of a rule and a word its title."""
    lines: list[str] = []
    width = max(len(topic.name) for topic in found)
    for title, kind in (("verdicts", "verdict"), ("exit codes", "exit code"), ("words", "word"), ("rules", "rule")):
        lines += [*([""] if lines else []), title]
        for topic in found:
            if topic.kind == kind:
                lines.append(_line(topic, width))
    return "\n".join(lines) + "\n"


def _line(topic: Topic, width: int) -> str:
    match topic.kind:
        case "verdict":
            return f"  {topic.name}"
        case "exit code":
            return f"  {topic.name:<4}{topic.text}"
        case "word":
            return f"  {topic.name:<12} {topic.title}"
        case _:
            return f"  {topic.name:<{width}}  {topic.title}"
