"""Memory bounds: streams of a gibibyte through a process that stays small."""
