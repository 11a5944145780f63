"""Credential providers: of other libraries, each an extra, and of services with a login."""
