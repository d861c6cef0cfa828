"""Settings of the SQL door: the only reader of the environment in this package."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.errors import MeterhouseError


class SqlSettings(BaseSettings):
    """How tables of other databases are pulled.

    Attributes:
        sources: Folder of source files (`*.yaml`) that scheduled work pulls; None: none.
        chunk_rows: Rows that are fetched at a time; memory follows it.
    """

    model_config = SettingsConfigDict(env_prefix="METERHOUSE_SQL_", extra="ignore")

    sources: Path | None = None
    chunk_rows: int = Field(default=50_000, ge=1, le=1_000_000)


def read_connection(variable: str) -> str:
    """Reads the URL of a database from the variable that a source names.

    Args:
        variable: Name of the variable.

    Returns:
        The URL, which holds a password.

    Raises:
        MeterhouseError: It is not set.
    """
    url = os.environ.get(variable, "")
    if not url:
        raise MeterhouseError(
            f"The variable {variable} is not set.",
            remedy=f"set {variable} to postgresql://user:password@host:5432/database of the "
            "application; a user that may only read is enough",
        )
    return url
