"""From a template that fits to a stack that runs.

stack        the stack as it stands
stack_state  what its status allows
package      local code to a deterministic zip, and the template that points at it
artifacts    the bucket that they go to
publish      both: the template as a request takes it, once all that it names is uploaded
capabilities what the template must be acknowledged to do
request      what a change set is asked for, with its options
change_set   what CloudFormation would do: changes, validations, leftovers
events       what it does, live
diagnose     why it failed
operation    an operation followed to its end
run          all of it, in order
"""
