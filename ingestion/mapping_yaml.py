"""Reads YAML with every scalar as text, and remembers the line of everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from warehouse.errors import MeterhouseError, Problem


@dataclass(frozen=True)
class YamlDocument:
    """A YAML document.

    Attributes:
        value: dicts, lists and texts.
        lines: Path of keys and positions to the line it stands in, from 1.
    """

    value: object
    lines: dict[tuple[str | int, ...], int]

    def line_of(self, path: Sequence[str | int]) -> int | None:
        """Returns the line of a path, or of the nearest part of it that is there."""
        for length in range(len(path), -1, -1):
            line = self.lines.get(tuple(path[:length]))
            if line is not None:
                return line
        return None


def read_yaml(path: Path) -> YamlDocument:
    """Reads a YAML file.

    Args:
        path: The file.

    Returns:
        The document.

    Raises:
        MeterhouseError: The file can't be read, is no YAML, or repeats a key.
    """
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise MeterhouseError(
            f"{path} can't be read: {error}", remedy="check the path of the mapping"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = Problem(
            message=str(getattr(error, "problem", error)),
            remedy="mend the YAML",
            file=str(path),
            line=mark.line + 1 if mark else None,
        )
        raise MeterhouseError(f"{path.name} is no YAML.", problems=[problem]) from error
    lines: dict[tuple[str | int, ...], int] = {}
    return YamlDocument(_build(node, (), lines, path) if node else {}, lines)


def _build(
    node: yaml.Node,
    place: tuple[str | int, ...],
    lines: dict[tuple[str | int, ...], int],
    path: Path,
) -> object:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*place, row), lines, path) for row, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    found: dict[str, object] = {}
    for key, value in node.value:
        name = str(key.value)
        line = key.start_mark.line + 1
        if name in found:
            problem = Problem(
                message="the key is there twice",
                remedy="keep one of them",
                file=str(path),
                line=line,
                field=".".join(map(str, (*place, name))),
            )
            raise MeterhouseError(f"{path.name} repeats a key.", problems=[problem])
        lines[(*place, name)] = line
        found[name] = _build(value, (*place, name), lines, path)
    return found
