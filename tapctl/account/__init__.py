"""What AWS says: an `Account` is read live through boto3 (`live`) or from a file (`snapshot`), behind one port."""
