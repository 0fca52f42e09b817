"""The remedy as an edit of the source files.

`places` decides where each change is written, `suppress` suppresses rules of policy scanners, `check` proves that the
edited files demand what the remedy says and differ in nothing else, and `file_edit` prints or writes them.
"""
