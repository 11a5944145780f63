"""The component and its sandbox: what crosses, what traps, what is cached."""
