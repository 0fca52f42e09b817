"""The account: a port (`reader`), AWS behind it (`live`) or a file (`snapshot`), and the values read (`model`)."""
