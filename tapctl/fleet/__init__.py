"""A template in many accounts and Regions: the verdict on each, and the rollout through StackSets."""
