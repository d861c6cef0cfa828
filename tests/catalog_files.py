"""Writes a catalog to files, so that tests load it by the way that users do."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingestion.catalog.models import Catalog


def write_catalog(directory: Path, catalog: Catalog) -> Path:
    """Write a catalog as one JSON file, numbers as exact texts."""
    directory.mkdir(parents=True, exist_ok=True)
    content = json.dumps(catalog.model_dump(by_alias=True), default=_text_of, indent=1)
    (directory / "catalog.json").write_text(content, encoding="utf-8")
    return directory


def _text_of(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    assert isinstance(value, date)
    return value.isoformat()
