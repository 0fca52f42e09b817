"""`tapctl explain`: what a rule, a verdict or an exit code means."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from tapctl.cli.command import Only
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import EXIT_CODES, ExitCode, UsageError
from tapctl.settings.options import argument

LINT_RULE = re.compile(r"[EWI]\d{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions:
    """What is explained."""

    panel: ClassVar = "Explain"

    topic: str | None = argument("RULE|VERDICT|EXITCODE")


def explain(what: ExplainOptions, output: Annotated[OutputOptions, Only("output", "quiet", "verbose")]) -> None:
    """Say what a rule, a verdict or an exit code means, and what to do; without a name, list them; needs no AWS."""
    text = _list() if what.topic is None else explanation(what.topic)
    Terminal.of(output).result(text, output.output)


def explanation(topic: str) -> str:
    """The explanation as text. Raises `UsageError` for another word, with the nearest one."""
    from tapctl.report.explain import OWN_RULES, VERDICTS, rules

    by_code = {str(int(code)): (code, meaning) for code, meaning in EXIT_CODES.items()}
    verdicts = {verdict.value: (verdict, text) for verdict, text in VERDICTS.items()}
    if topic in by_code:
        code, meaning = by_code[topic]
        return f"exit code {topic} ({code.name.lower().replace('_', ' ')})\n\n{meaning}\n"
    if topic in verdicts:
        verdict, text = verdicts[topic]
        return f"verdict {topic}, exit code {int(verdict.exit_code)}\n\n{text}\n{_allowed(verdict.exit_code)}"
    if LINT_RULE.fullmatch(topic):
        link = f"https://github.com/aws-cloudformation/cfn-lint/blob/main/docs/rules.md#{topic}"
        return f"{topic} is a rule of cfn-lint; an E ends a preflight with 2, a W or an I only warns\n\n{link}\n"
    found = {rule.id: rule for rule in rules()}
    if topic in found:
        rule = found[topic]
        link = f"\n{rule.docs}\n" if rule.docs else ""
        return f"{rule.id}: {rule.title}\n\n{rule.text}\n\n{rule.remedy}\n{link}"
    short = {rule.id.partition(":")[2]: rule.id for rule in OWN_RULES}
    if topic in short and topic:
        return explanation(short[topic])
    near = difflib.get_close_matches(topic, [*found, *verdicts], n=1)
    hint = f"did you mean `{near[0]}`?" if near else "`tapctl explain` lists what there is"
    raise UsageError(f"there is no rule, verdict or exit code `{topic}`", hint)


def _allowed(code: ExitCode) -> str:
    return "`--allow-uncertain` makes the exit code 0.\n" if code is ExitCode.UNCERTAIN else ""


def _list() -> str:
    from tapctl.report.explain import VERDICTS, rules

    lines = ["verdicts", *(f"  {verdict.value}" for verdict in VERDICTS), "", "exit codes"]
    lines += [f"  {int(code):<4}{meaning}" for code, meaning in EXIT_CODES.items()]
    width = max(len(rule.id) for rule in rules())
    lines += ["", "rules", *(f"  {rule.id:<{width}}  {rule.title}" for rule in rules())]
    return "\n".join(lines) + "\n"
