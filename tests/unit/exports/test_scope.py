"""Which invoices an export is about."""

from __future__ import annotations

from datetime import date

import pytest

from exports.scope import Scope
from warehouse import MeterhouseError


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (Scope(None, None, include_drafts=False), "invoices_all"),
        (Scope(date(2026, 9, 1), None, include_drafts=False), "invoices_2026-09"),
        (Scope(date(2026, 9, 1), "north_eu", include_drafts=True), None),
    ],
)
def test_a_folder_is_named_after_its_scope(scope: Scope, name: str | None) -> None:
    assert scope.folder_name == (name or "invoices_2026-09_north_eu_with-drafts")


def test_awkward_ids_stay_apart_and_inside_the_folder() -> None:
    names = {
        Scope(None, entity, include_drafts=False).folder_name
        for entity in ("../../etc", "..-..-etc", "a/b", "a b", "a-b")
    }
    assert len(names) == 5
    assert not any("/" in name or " " in name for name in names)


def test_a_day_that_starts_no_month_is_refused() -> None:
    with pytest.raises(MeterhouseError, match="first day") as caught:
        Scope(date(2026, 9, 17), None, include_drafts=False)
    assert "2026-09-01" in caught.value.remedy
