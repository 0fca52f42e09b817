"""From files on this machine to objects in S3: code and nested templates."""
