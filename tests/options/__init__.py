"""What the options of a store do, against real servers and on the wire."""
