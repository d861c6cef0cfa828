"""The warehouse as a Dagster resource."""

from __future__ import annotations

import dagster as dg

from warehouse import Warehouse, open_warehouse


class WarehouseResource(dg.ConfigurableResource["WarehouseResource"]):
    """Opens the warehouse that the environment names, when a step first asks for it."""

    def open(self) -> Warehouse:
        """Returns the opened warehouse; raises MeterhouseError where it can't be opened."""
        return open_warehouse()
