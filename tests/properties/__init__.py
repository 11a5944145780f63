"""Properties: any sequence of calls agrees with a model; any argument is answered or refused."""
