"""Usage events and the catalog, in: contracts, readers, validation, mappings, landing by dlt."""
