"""Where and how the remedy changes the source files; `tapctl.workflows.fix` makes the edits and checks them.

places            where each change is written, since several functions may share a value
suppress          rules of policy scanners that require a reservation are suppressed
file_edit         a file before and after, as a diff or written to disk
"""
