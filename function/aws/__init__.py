"""The wire to AWS: one signed JSON request over one kept connection, without an SDK."""
