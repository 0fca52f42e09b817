"""The limits and usage of an account, and the resources of a stack in it.

reader            the port, with AWS (live) or a file (snapshot, by snapshot_schema) behind it · model: the values read
floor_cache       unreserved minimums that AWS's errors named · floor_probe: a request that finds one
quota_increase    a request for a higher concurrency limit
"""
