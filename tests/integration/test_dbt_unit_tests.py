"""The unit tests that stand beside the models."""

from __future__ import annotations

import re

from tests.conftest import run_dbt
from warehouse import Role, Warehouse


class _Administrator:
    """Lets dbt log in as the administrator: unit tests need temporary tables, our logins don't."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.state_dir = warehouse.state_dir

    def dbt_environment(self, role: Role) -> dict[str, str]:
        url = self._warehouse.admin_url
        login = {"USER": str(url.username), "PASSWORD": str(url.password)}
        environment = self._warehouse.dbt_environment(role)
        return environment | {f"METERHOUSE_PG_{name}": value for name, value in login.items()}


def test_unit_tests_pass(deployed_warehouse: Warehouse) -> None:
    administrator = _Administrator(deployed_warehouse)
    finished = run_dbt(administrator, "test", "--select", "resource_type:unit_test")  # type: ignore[arg-type]
    passed = re.search(r"PASS=(\d+) WARN=0 ERROR=0 SKIP=0", finished.stdout)
    assert passed is not None, finished.stdout[-3000:]
    assert int(passed.group(1)) >= 24
