"""Read catalog files into plain data that remembers the line every value came from.

Every scalar stays the text that was written: a price never passes through a binary number, and a
country code `NO` never becomes a boolean. Only an explicit or empty null becomes None.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from warehouse.errors import Problem

NULL_TAG = "tag:yaml.org,2002:null"
SCALAR_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "timestamp", "null")
)
DOCUMENT_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
TABLE_SUFFIXES = frozenset({".csv"})

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Entry:
    """One entry of one catalog section, as written.

    Attributes:
        section: The section, such as `plans`.
        data: The entry: a mapping of field names to text, None, lists and mappings.
        file: The file, as the user named it.
        lines: The line (from 1) of every path inside the entry; the empty path is the entry.
    """

    section: str
    data: Any
    file: str
    lines: dict[Location, int] = field(repr=False)

    def line_at(self, location: Location) -> int | None:
        """Return the line of the deepest part of a location that the file holds."""
        path: Location = ()
        for part in location:
            if (*path, part) in self.lines:
                path = (*path, part)
        return self.lines.get(path)

    def problem(self, location: Location, message: str, remedy: str) -> Problem:
        """Return a problem at a location inside the entry."""
        return Problem(
            message=message,
            remedy=remedy,
            file=self.file,
            line=self.line_at(location),
            field=describe_location(self.section, location),
        )


def describe_location(section: str, location: Location) -> str:
    """Return a location in the way a reader would write it, such as `prices[2].valid_from`."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text or section


def read_documents(directory: Path, sections: frozenset[str]) -> tuple[list[Entry], list[Problem]]:
    """Read every catalog file under a directory.

    Args:
        directory: The catalog directory; read with its sub-directories, in name order.
        sections: The section names a file may hold.

    Returns:
        The entries of all files, and the problems that kept text from being read.
    """
    entries: list[Entry] = []
    problems: list[Problem] = []
    for path in sorted(directory.rglob("*")):
        if not path.is_file() or path.name.startswith("."):
            continue
        reader = _reader_of(path)
        if reader is None:
            continue
        name = str(path)
        try:
            text = path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            problems.append(
                Problem(
                    message=f"byte {error.start} is not UTF-8 text",
                    remedy="save the file as UTF-8",
                    file=name,
                )
            )
            continue
        if "\x00" in text:
            problems.append(
                Problem(message="the file holds a NUL character", remedy="remove it", file=name)
            )
            continue
        found, faults = reader(text, path, sections)
        entries.extend(found)
        problems.extend(faults)
    return entries, problems


Reader = Callable[[str, Path, frozenset[str]], tuple[list[Entry], list[Problem]]]


def _reader_of(path: Path) -> Reader | None:
    suffix = path.suffix.lower()
    if suffix in DOCUMENT_SUFFIXES:
        return _read_document
    return _read_table if suffix in TABLE_SUFFIXES else None


def _read_document(
    text: str, path: Path, sections: frozenset[str]
) -> tuple[list[Entry], list[Problem]]:
    name = str(path)
    if path.suffix.lower() == ".json":
        text = text.replace("\t", " ")  # legal between JSON tokens, not between YAML ones
    try:
        roots = list(yaml.compose_all(text, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as error:
        return [], [_syntax_problem(name, error)]
    entries: list[Entry] = []
    problems: list[Problem] = []
    for root in roots:
        if root is None or root.tag == NULL_TAG:
            continue
        walker = _NodeWalker(name)
        data = walker.value_of(root, ())
        problems.extend(walker.problems)
        entries.extend(_split_sections(name, data, walker.lines, sections, problems))
    return entries, problems


def _syntax_problem(name: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    return Problem(
        message=f"cannot be read: {getattr(error, 'problem', None) or error}",
        remedy="correct the syntax at this line (often an indent, a colon or a missing quote)",
        file=name,
        line=mark.line + 1 if mark else None,
    )


class _NodeWalker:
    """Turns YAML nodes into plain data, noting lines and what plain data cannot hold."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value_of(self, node: yaml.Node, path: Location, line: int | None = None) -> Any:
        """Return the data of a node and note the lines of everything in it."""
        self.lines[path] = line or node.start_mark.line + 1
        if id(node) in self._seen:
            self._refuse(node, path, "repeats another value by alias", "write the value out")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping_of(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value_of(item, (*path, index)) for index, item in enumerate(node.value)]
        if node.tag not in SCALAR_TAGS:
            self._refuse(node, path, f"has the tag {node.tag}", "write plain text without a tag")
            return None
        if node.tag == NULL_TAG:
            return None
        return _joined_surrogates(node.value)

    def _mapping_of(self, node: yaml.MappingNode, path: Location) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            if not isinstance(key, str):
                self._refuse(key_node, path, "has a key that is not text", "use a plain name")
                continue
            if key in mapping:
                self._refuse(key_node, (*path, key), "is written twice", "keep one of the two")
                continue
            line = key_node.start_mark.line + 1
            mapping[key] = self.value_of(value_node, (*path, key), line)
        return mapping

    def _refuse(self, node: yaml.Node, path: Location, message: str, remedy: str) -> None:
        self.problems.append(
            Problem(
                message=message,
                remedy=remedy,
                file=self.file,
                line=node.start_mark.line + 1,
                field=describe_location("", path) or None,
            )
        )


def _joined_surrogates(text: str) -> str:
    """Return text with JSON surrogate pairs joined into the characters they stand for."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _split_sections(
    name: str,
    data: Any,
    lines: dict[Location, int],
    sections: frozenset[str],
    problems: list[Problem],
) -> Iterator[Entry]:
    known = ", ".join(sorted(sections))
    if not isinstance(data, dict):
        problems.append(
            Problem(
                message="the file is not a mapping of sections",
                remedy=f"start it with one of: {known}",
                file=name,
                line=lines[()],
            )
        )
        return
    for section, items in data.items():
        line = lines.get((section,))
        if section not in sections:
            remedy = f"known sections: {known}"
            problems.append(Problem("unknown section", remedy, name, line, section))
            continue
        if items is None:
            continue
        if not isinstance(items, list):
            remedy = "write a list: one entry per line that starts with `-`"
            problems.append(Problem("is not a list", remedy, name, line, section))
            continue
        yield from _split_list(name, section, items, lines)


def _split_list(
    name: str, section: str, items: list[Any], lines: dict[Location, int]
) -> Iterator[Entry]:
    per_item: dict[int, dict[Location, int]] = {index: {} for index in range(len(items))}
    for path, line in lines.items():
        if len(path) > 1 and path[0] == section and isinstance(path[1], int):
            per_item[path[1]][path[2:]] = line
    for index, item in enumerate(items):
        yield Entry(section=section, data=item, file=name, lines=per_item[index])


def _read_table(
    text: str, path: Path, sections: frozenset[str]
) -> tuple[list[Entry], list[Problem]]:
    """Read a CSV file whose name is its section; an empty cell is a field that is not given."""
    name, section = str(path), path.stem
    if section not in sections:
        remedy = f"name it after its section: {', '.join(f'{s}.csv' for s in sorted(sections))}"
        return [], [Problem("a CSV file of an unknown section", remedy, name)]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    entries: list[Entry] = []
    problems: list[Problem] = []
    header: list[str] | None = None
    next_line = 1
    try:
        for row in reader:
            line, next_line = next_line, reader.line_num + 1
            if not row:
                continue
            if header is None:
                header = row
                problems.extend(_header_problems(name, header))
            elif len(row) != len(header):
                remedy = f"the header names {len(header)} columns: {', '.join(header)}"
                problems.append(Problem(f"has {len(row)} cells", remedy, name, line))
            else:
                data = {key: cell for key, cell in zip(header, row, strict=True) if cell != ""}
                entries.append(Entry(section, data, name, {(): line}))
    except csv.Error as error:
        remedy = "quote cells that hold commas, and close every quote"
        problems.append(Problem(f"cannot be read: {error}", remedy, name, reader.line_num))
    return entries, problems


def _header_problems(name: str, header: list[str]) -> Iterator[Problem]:
    for column in sorted({column for column in header if header.count(column) > 1}):
        yield Problem("the column is named twice", "keep one of the two", name, 1, column)
