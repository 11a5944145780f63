"""Benchmarks: run by `just bench NAME`, never by the tests."""
