"""The zarr store over our stores."""
