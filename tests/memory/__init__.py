"""Memory bounds: gigabytes through a process that stays small; dropped stores leave nothing."""
