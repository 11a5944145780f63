"""What listings can be asked for beside pages of metadata."""
