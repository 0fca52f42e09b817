"""What an account has, and what a stack in it holds.

reader            the port, with AWS (live) or a file (snapshot, by snapshot_schema) behind it · model: the values read
floor_cache       unreserved minimums that AWS's errors named · floor_probe: a request that finds one
quota_increase    a request for a higher concurrency limit
"""
