"""Client options: each key does on the wire what it says."""
