"""Of what the library gives to its users for their own tests."""
