"""Turn written entries into catalog models, and pydantic's faults into problems with a remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ingestion.catalog.documents import Entry, Location
from ingestion.catalog.models import SECTIONS, CatalogModel
from warehouse.errors import MeterhouseError, Problem

Model = TypeVar("Model", bound=CatalogModel)


class CatalogError(MeterhouseError):
    """A catalog that is refused; `problems` holds everything that is wrong with it."""


class Written(Generic[Model]):
    """A valid entry together with where it is written.

    Attributes:
        model: The entry.
        entry: The text it came from, with its lines.
    """

    def __init__(self, model: Model, entry: Entry) -> None:
        self.model = model
        self.entry = entry

    def problem(self, location: Location, message: str, remedy: str) -> Problem:
        """Return a problem at a location inside the entry."""
        return self.entry.problem(location, message, remedy)


def validate_entries(entries: Iterable[Entry]) -> tuple[dict[str, list[Written]], list[Problem]]:
    """Validate every entry by itself.

    Returns:
        The valid entries of each section in reading order, and the problems of the others.
    """
    valid: dict[str, list[Written]] = {section: [] for section in SECTIONS}
    problems: list[Problem] = []
    for entry in entries:
        model, _ = SECTIONS[entry.section]
        try:
            valid[entry.section].append(Written(model.model_validate(entry.data), entry))
        except ValidationError as error:
            problems.extend(_problem_of(entry, model, detail) for detail in _own(error.errors()))
    return valid, problems


def _own(details: list[ErrorDetails]) -> Iterable[ErrorDetails]:
    """Yield the faults without lists that are short only because their entries have faults."""
    places = [detail["loc"] for detail in details]
    for detail in details:
        place = detail["loc"]
        is_held = any(len(other) > len(place) and other[: len(place)] == place for other in places)
        if detail["type"] != "too_short" or not is_held:
            yield detail


def _problem_of(entry: Entry, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    written: Location = tuple(_written_location(entry, detail["loc"]))
    context = detail.get("ctx", {})
    match detail["type"]:
        case "catalog":
            return entry.problem(written, context["message"], context["remedy"])
        case "missing":
            return entry.problem(written, "is missing", f"add `{written[-1]}: ...`")
        case "extra_forbidden":
            owner = _model_at(model, detail["loc"][:-1])
            return entry.problem(written, "is not a known field", _known_fields(owner, written[-1]))
        case "literal_error":
            return entry.problem(written, f"{detail['input']!r} is unknown", _expected(context))
        case "union_tag_invalid":
            location = (*written, "charge_model")
            tags = {"expected": context["expected_tags"]}
            return entry.problem(location, f"{context['tag']!r} is unknown", _expected(tags))
        case "union_tag_not_found":
            return entry.problem(
                (*written, "charge_model"), "is missing", "add `charge_model: ...`"
            )
        case "model_type" | "model_attributes_type" | "dict_type":
            return entry.problem(written, "is not a mapping", "write `field: value` pairs")
        case "tuple_type":
            return entry.problem(written, "is not a list", "write a list of entries")
        case "too_short":
            return entry.problem(written, "is empty", "give at least one")
        case "string_type":
            return entry.problem(written, "is not text", "write one value")
        case "bool_parsing" | "bool_type":
            return entry.problem(written, f"{detail['input']!r} is unknown", "use true or false")
        case "greater_than_equal" | "less_than_equal" | "int_parsing" | "int_type":
            return entry.problem(written, detail["msg"], "give a whole number in that range")
        case _:
            return entry.problem(written, detail["msg"], "correct the value")


def _written_location(entry: Entry, location: tuple[int | str, ...]) -> Iterable[int | str]:
    """Yield a pydantic location without the tags that stand in for a charge model."""
    data: Any = entry.data
    for index, part in enumerate(location):
        is_last = index == len(location) - 1
        if isinstance(data, dict) and part not in data and not is_last:
            continue
        yield part
        if isinstance(data, dict):
            data = data.get(str(part))
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]


def _expected(context: dict[str, Any]) -> str:
    return f"use one of: {context['expected']}".replace(" or ", ", ")


def _known_fields(owner: type[BaseModel] | None, name: int | str) -> str:
    if owner is None:
        return "remove it"
    fields = list(owner.model_fields)
    close = difflib.get_close_matches(str(name), fields, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"{hint}fields here: {', '.join(fields)}"


def _model_at(model: type[BaseModel], location: Iterable[int | str]) -> type[BaseModel] | None:
    """Return the model that a pydantic location points at."""
    candidates = [model]
    for part in location:
        if isinstance(part, int):
            continue
        fields = [candidate.model_fields.get(part) for candidate in candidates]
        found = [kind for field in fields if field for kind in _models_in(field.annotation)]
        candidates = found or [kind for kind in candidates if _charge_model_of(kind) == part]
    return candidates[0] if candidates else None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [kind for part in get_args(annotation) for kind in _models_in(part)]


def _charge_model_of(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("charge_model")
    if field is None or get_origin(field.annotation) is not Literal:
        return None
    return str(get_args(field.annotation)[0])
