"""What the wheel holds, and that it runs where it is installed."""
