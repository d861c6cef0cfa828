"""Where usage is and whether nothing is missing: reads everything, changes nothing."""

from audit.reconciliation import Range, Reconciliation, reconcile

__all__ = ["Range", "Reconciliation", "reconcile"]
