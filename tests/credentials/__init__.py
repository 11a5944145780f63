"""Every way in which a store finds its credentials, against services of our own with real keys."""
