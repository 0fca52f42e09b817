"""The state folder of this machine, and of this process what no output shows and how another Python starts.

files, locks      atomic writes and file locks
journal           what a deploy is about to do, so that the next run can continue after a kill
noecho_hash       whether the values of NoEcho parameters have changed
redaction         the values that no output shows
isolated_python   a Python that imports nothing from where the caller is
"""
