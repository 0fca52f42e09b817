"""From a template that fits to a stack that runs.

stack        the stack as it stands
stack_state  what its status allows
package      local code to a deterministic zip, and the template that points at it
artifacts    the bucket that they go to
publish      both: the template as a request takes it, once all that it names is uploaded
change_set   what CloudFormation would do
events       what it does, live
diagnose     why it failed
operation    an operation followed to its end
run          all of it, in order
"""
