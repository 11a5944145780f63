"""File objects: what reads and writes objects as files, and what the ecosystem does with them."""
