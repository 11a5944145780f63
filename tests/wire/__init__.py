"""Wire equals signed: what leaves the process is byte for byte what was signed."""
