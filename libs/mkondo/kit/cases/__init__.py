"""All cases, in the order in which they are reported. Read next: payments.py."""

from mkondo.kit.case import Case
from mkondo.kit.cases import payments

CASES: tuple[Case, ...] = (*payments.CASES,)
