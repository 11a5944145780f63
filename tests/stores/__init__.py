"""Tests of what only one kind of store has."""
