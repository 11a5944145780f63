"""Hours in minutes: mixed work under faults, watched for leaks. Never in the default run."""
