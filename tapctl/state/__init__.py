"""The state folder of this machine.

files, locks      atomic writes and file locks
journal           what a deploy is about to do, so that the next run can continue after a kill
noecho_hash       whether the values of NoEcho parameters have changed
"""
