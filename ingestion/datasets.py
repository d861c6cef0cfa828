"""Data sets that a catalog and mappings are ready for: `examples/<name>/dataset.yaml`.

The file says which mapping reads which files, who bills the customers that the files name, and
which months close when.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import pyarrow.compute as pc
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from ingestion.catalog.enrolment import Enrolment, enrol_customers
from ingestion.mapping_yaml import read_yaml
from ingestion.mappings import load_mapping
from ingestion.reading import read_file
from ingestion.settings import IngestionSettings
from ingestion.validator import Origin
from warehouse.errors import MeterhouseError, Problem


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Source(_Part):
    mapping: str
    files: str


class _Enrolment(_Part):
    legal_entity_id: str
    country_code: str
    currency_code: str
    plan_id: str
    starts_on: date


class _Close(_Part):
    period: str = Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")
    closed_at: AwareDatetime


class _DatasetFile(_Part):
    title: str
    sources: tuple[_Source, ...] = Field(min_length=1)
    enrolment: _Enrolment
    closes: tuple[_Close, ...] = ()


@dataclass(frozen=True)
class DatasetSource:
    """Files that one mapping reads.

    Attributes:
        mapping: The mapping's file.
        paths: The files, by name.
    """

    mapping: Path
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Dataset:
    """A data set at hand, and how it is billed.

    Attributes:
        title: What it is, in a line.
        catalog: Directory of its catalog, without the customers.
        sources: Its files and how they are read, in order of loading.
        enrolment: How the customers are taken in that the files name.
        closes: Months to close, as (`YYYY-MM`, RFC 3339 time of closing), in order.
    """

    title: str
    catalog: Path
    sources: tuple[DatasetSource, ...]
    enrolment: Enrolment
    closes: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EnrolledCatalog:
    """A catalog with the customers of a data set.

    Attributes:
        directory: The catalog directory.
        customer_count: How many customers were enrolled.
    """

    directory: Path
    customer_count: int


def read_dataset(directory: Path, *, data: Path) -> Dataset:
    """Read how a data set is billed, and find its files.

    Args:
        directory: The folder with `dataset.yaml` and `catalog/`.
        data: The folder with the data set's files.

    Raises:
        MeterhouseError: There is no such description, it is wrong, or files are missing.
    """
    path = directory / "dataset.yaml"
    if not path.is_file():
        known = sorted(found.parent.name for found in directory.parent.glob("*/dataset.yaml"))
        raise MeterhouseError(
            f"No data set {directory.name!r} is known.",
            remedy=f"name the folder after one of: {', '.join(known)}; or write "
            f"{directory.parent.name}/{directory.name}/dataset.yaml",
        )
    file = _read_file(path)
    return Dataset(
        title=file.title,
        catalog=directory / "catalog",
        sources=tuple(
            DatasetSource((directory / item.mapping).resolve(), _find_files(data, item.files))
            for item in file.sources
        ),
        enrolment=Enrolment(**file.enrolment.model_dump()),
        closes=tuple((item.period, _rfc3339(item.closed_at)) for item in file.closes),
    )


def _read_file(path: Path) -> _DatasetFile:
    document = read_yaml(path)
    try:
        return _DatasetFile.model_validate(document.value)
    except ValidationError as error:
        problems = [
            Problem(
                message=item["msg"],
                remedy="compare with the other examples",
                file=str(path),
                line=document.line_of(item["loc"]),
                field=".".join(map(str, item["loc"])) or None,
            )
            for item in error.errors()
        ]
        raise MeterhouseError(f"{path.name} is wrong.", problems=problems) from error


def _find_files(data: Path, pattern: str) -> tuple[Path, ...]:
    paths = tuple(sorted(path for path in data.glob(pattern) if path.is_file()))
    if not paths:
        raise MeterhouseError(
            f"There are no files {pattern} in {data}.", remedy="check the folder of the data set"
        )
    return paths


def _rfc3339(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def find_customers(
    paths: Iterable[Path], mapping: Path | None, *, batch_bytes: int | None = None
) -> Iterator[str]:
    """Yield the customers that usage files name, once for each batch of rows they are in.

    Args:
        paths: The files.
        mapping: The mapping that reads them; None for native events.
        batch_bytes: Bytes that are read at a time; by the settings when not given.

    Raises:
        MeterhouseError: The mapping is wrong, or a file can't be read.
    """
    known_mapping = load_mapping(mapping) if mapping else None
    size = batch_bytes or IngestionSettings().batch_bytes
    origin = Origin(load_id=0, file_number=1, delivery_prefix="")
    for path in paths:
        for verdicts, _ in read_file(path, origin=origin, mapping=known_mapping, batch_bytes=size):
            yield from pc.unique(verdicts.events.column("customer_id")).to_pylist()


def enrolled_catalog(dataset: Dataset, *, target: Path) -> EnrolledCatalog:
    """Make a catalog of a data set with the customers that its files name.

    Args:
        dataset: The data set.
        target: Working folder; the catalog is made anew in `catalog` below it.

    Returns:
        The catalog, the same to the byte for the same data set.
    """
    customers = {
        customer_id
        for source in dataset.sources
        for customer_id in find_customers(source.paths, source.mapping)
    }
    directory = target / "catalog"
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(dataset.catalog, directory)
    enrolled = enrol_customers(directory, customers, dataset.enrolment)
    return EnrolledCatalog(directory=directory, customer_count=len(enrolled))
