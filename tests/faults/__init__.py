"""Faults to survive: refused, delayed, cut and lost answers, and what the library makes of them."""
