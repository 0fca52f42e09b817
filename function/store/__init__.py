"""The table: each event once, the newest state of each transaction, and how long to try."""
