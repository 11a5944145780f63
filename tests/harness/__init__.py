"""Plumbing of the test suite: ways of calling, stores under test, the conformance table."""
