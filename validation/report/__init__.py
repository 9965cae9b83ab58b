"""The steward's page: what was checked, what failed, who decided, in one HTML file and as JSON."""

from validation.report.page import write_report
from validation.report.report_data import Judged

__all__ = ["Judged", "write_report"]
