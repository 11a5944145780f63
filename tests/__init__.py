"""The tests of object_store_py and the servers, fixtures and tools that they stand on."""
