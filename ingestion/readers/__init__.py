"""Readers: from the bytes of a file, plain or compressed, to bounded batches of rows."""
