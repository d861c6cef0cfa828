"""Catalog as code: legal entities, meters, plans, customers and subscriptions from files."""

from ingestion.catalog.landing import CatalogReport, load_catalog
from ingestion.catalog.models import Catalog
from ingestion.catalog.reading import read_catalog, read_currencies
from ingestion.catalog.validation import CatalogError

__all__ = [
    "Catalog",
    "CatalogError",
    "CatalogReport",
    "load_catalog",
    "read_catalog",
    "read_currencies",
]
