"""Verify: reads everything an environment has stored and says what is wrong where, or nothing.

Read next: verify.py for the pass, then chain.py, digests.py, money.py, payments.py, limits.py, records.py and
replay.py for what is checked.
"""

from mkondo.runtime.audit.digests import Trust
from mkondo.runtime.audit.report import Problem, Report
from mkondo.runtime.audit.verify import verify_store

__all__ = ["Problem", "Report", "Trust", "verify_store"]
