"""The steward's page: what was checked, what failed, who decided, in one HTML file and as JSON."""

from validation.report.judged import Judged
from validation.report.page import write_report

__all__ = ["Judged", "write_report"]
