"""Bad input: refused before anything is sent, by errors that name it."""
