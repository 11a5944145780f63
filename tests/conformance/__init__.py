"""One suite, every backend, every way of calling: one check a file."""
