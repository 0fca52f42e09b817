"""A signed test event through the deployed endpoint, a duplicate of it, and a forged one."""
