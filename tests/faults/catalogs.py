"""Versions of the catalog of `tests/dbt_company.py` that differ in a name only."""

from __future__ import annotations

import json
from pathlib import Path

from tests.dbt_company import catalog


def write_catalog(folder: Path, number: int) -> Path:
    """Writes a catalog that says something new, and nothing that changes an amount.

    Args:
        folder: Where to; made if missing.
        number: What its customers are named after.

    Returns:
        The folder.
    """
    content = catalog()
    for customer in content["customers"]:
        customer["customer_name"] = f"{customer['customer_id'].title()} {number}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalog.json").write_text(json.dumps(content))
    return folder
