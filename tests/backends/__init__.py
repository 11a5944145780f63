"""Test servers: one module a server, each a class with start(), stop() and an endpoint."""
