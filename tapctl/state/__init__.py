"""Files that tapctl keeps on this machine between runs."""
