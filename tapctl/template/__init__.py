"""The template: its text, its values with their lines, its transforms and its resolved expressions.

load -> parse -> Template (every value with its line) -> expand (transforms) -> Resolver (values)
"""
