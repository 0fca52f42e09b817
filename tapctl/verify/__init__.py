"""Proof that what came out is alive and is what the deployed template says.

run          reads the stack and its running template, asks each of the others, and again for what failed
outputs      every declared output and its value · exports: as other stacks see them
resources    the resource behind each logical id, by its own API
  services     one table of looks a service · look: an API's answer against the template, row by row
drift        CloudFormation's own comparison, for what no look covers
expected     output patterns and HTTP probes of tapctl.toml
webhook      a signed event through the deployed endpoint, the same again, and a forged one
  event        what is posted · signing: how each provider signs · stored: the row that an event leaves
"""
