"""CloudFormation stacks: what a deploy does about one, its change sets, its operations and their failures.

stack, status         the stack of a command; what a deploy does about a stack in each status
change_set_request    the request for a change set: options, capabilities, parameters, tags
change_set            a change set: created, waited for, read, deleted · stale_change_sets: those never executed
changes               the changes of a change set, and the data that they delete (stateful_types)
validations           CloudFormation's own checks of a change set
operation             an operation: begun, followed with Ctrl-C, its failure explained
follow, events        the events of a stack and its nested stacks · polling: how often they are read
causes                the first cause of a failure, by the table of known causes
recovery              brings a failed or busy stack into a state in which a deploy can begin; deletion
redaction             the secrets that must not be shown
ui                    the user interface of deploy, destroy and watch
"""
