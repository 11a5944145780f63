"""The examples that the documentation shows, run as written."""
