"""Results to text: every renderer takes a result and gives a string; nothing here prints."""
