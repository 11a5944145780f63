"""The stores as filesystems of fsspec: its own suite, what it promises, and who builds on it."""
