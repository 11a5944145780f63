"""Credential providers that ask other libraries, each an extra."""
