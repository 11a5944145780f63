"""The public API as it is written down: names, signatures, pairs."""
