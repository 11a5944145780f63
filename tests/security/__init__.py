"""Rows S1 to S18 of reliability.md: what no server, no input and no neighbour can do."""
