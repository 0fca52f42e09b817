"""From a template that fits to a running stack: change sets, operations and their failures.

status             what a deploy does about a stack in each status
stack              the stack that a command works on
recovery           a stack brought into a state that a deploy can begin on; deletion
options            options of CreateChangeSet and ExecuteChangeSet
capabilities       the capabilities that a template needs
change_set_request the request for a change set
change_set         a change set: created, read, deleted
changes            its changes, and the data that they delete (stateful_types)
validations        CloudFormation's checks of it
stale_change_sets  change sets that were never executed
events             the events of a stack and its nested stacks
follow             an operation followed to its end; polling says how often it is read
operation          an operation begun and followed, with Ctrl-C, and the error of a failed one
diagnose           the first cause of a failure, by the table of known causes
custom_resource_logs the log of the function behind a failed custom resource
redaction          secrets that must not be shown
ui                 the user interface, as the workflows see it
"""
