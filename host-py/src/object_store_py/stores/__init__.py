"""The stores, one module each; users import them from `object_store_py.store`."""
