"""What the outside world sent us, expressed as expectations that run on one load at a time."""

from expectations.landing import check_landing
from expectations.report import ExpectationOutcome, LandingReport, Severity
from expectations.settings import LandingThresholds

__all__ = [
    "ExpectationOutcome",
    "LandingReport",
    "LandingThresholds",
    "Severity",
    "check_landing",
]
