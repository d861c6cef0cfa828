"""What is wrong with an SQL source, or what its database refuses, is said with a remedy."""

from __future__ import annotations

import pytest

from ingestion.sql_door.loads import pull_source
from tests.integration.sql_application import Application
from tests.integration.test_load_files import query
from warehouse import MeterhouseError, Warehouse

CHANGES = {
    "no such column": ("quantity: amount", "quantity: amounts", "column amounts is not in"),
    "no such table": ("billing.usage_records\ncursor", "billing.gone\ncursor", "there is no table"),
    "cursor type": ("column: updated_at ", "column: kind ", "can't be a cursor"),
    "overlap": ("overlap: 15m ", "overlap: 15 ", "doesn't go with updated_at"),
    "no overlap": ("overlap: 15m ", "overlap: no ", "write 90s, 15m"),
    "zone": ("occurred_at: used_at", "occurred_at: {column: used_at, zone: UTC}", "has its zone"),
    "unit": ("occurred_at: used_at", "occurred_at: record_id", "say of what"),
    "json": ("quantity: amount", "quantity: attributes", "not a single value"),
    "word": ("table:", "tables:", "Extra inputs"),
    "variable": ("APP_DATABASE_URL ", "APP_NOWHERE_URL ", "APP_NOWHERE_URL is not set"),
}


@pytest.mark.parametrize(("old", "new", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_what_is_wrong_with_a_source_is_said_with_a_remedy(
    warehouse: Warehouse, application: Application, old: str, new: str, said: str
) -> None:
    application.write_source(old, new)
    refused_by(warehouse, application, said)


def test_what_the_database_refuses_is_said_with_a_remedy(
    warehouse: Warehouse, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    application.execute("alter table billing.usage_records alter amount type double precision")
    refused_by(warehouse, application, "double precision, which holds no exact decimals")
    application.execute("alter table billing.usage_records alter amount type numeric")
    application.execute("revoke select on billing.usage_records from reader")
    refused_by(warehouse, application, "permission denied")
    application.execute(
        "create view billing.v as select 1 as same, t.* from billing.usage_records t"
    )
    application.execute("grant select on billing.v to reader")
    application.insert(2)
    application.write_source("billing.usage_records\ncursor", "billing.v\ncursor")
    refused_by(warehouse, application, "has no primary key")
    for value, said in (
        ("postgresql://reader:shown to nobody@127.0.0.1:1/x", "connection"),
        ("mysql://reader@127.0.0.1:1/x", "mysql database"),
        ("not a url", "is no URL"),
    ):
        monkeypatch.setenv("APP_DATABASE_URL", value)
        refused_by(warehouse, application, said)
    assert query(warehouse, "select count(*) from ops.loads") == [(0,)]


def test_a_key_that_is_not_unique_is_refused(
    warehouse: Warehouse, application: Application
) -> None:
    application.execute(
        "create view billing.v as select 1 as same, account, kind, amount, used_at,"
        " date_trunc('day', updated_at) as updated_at, attributes, 1 as record_id"
        " from billing.usage_records; grant select on billing.v to reader"
    )
    application.insert(1)
    application.insert(1)
    application.write_source(
        "billing.usage_records\ncursor", "billing.v\nprimary_key: [same]\ncursor"
    )
    refused_by(warehouse, application, "the primary key is not unique: 1")


def refused_by(warehouse: Warehouse, application: Application, said: str) -> None:
    with pytest.raises(MeterhouseError) as caught:
        pull_source(warehouse, application.source)
    shown = str(caught.value)
    assert said in shown
    assert "shown to nobody" not in shown
    assert caught.value.remedy or all(problem.remedy for problem in caught.value.problems)
