"""What the library has beyond the reference: observing, trees, transfers, progress."""
