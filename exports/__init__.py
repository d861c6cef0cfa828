"""Finance documents: invoices and their lines as files that are checked before hand-over."""

from exports.invoices import ExportReport, export_invoices

__all__ = ["ExportReport", "export_invoices"]
