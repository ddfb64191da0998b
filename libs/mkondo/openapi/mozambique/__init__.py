"""The Mozambique gateway's wire (contract section 9): tables only. Everything behind them is the M-Pesa OpenAPI's.

Pure. Read next: operations.py, then hosts.py for where it is called and codes.py for what its numbers mean.
"""

NAME = "mozambique"
"""What payments made through it carry as their profile."""

MARKET = "vodacomMOZ"
"""Whose ledger and currency it is."""

ROOT = ("ipg", "v1x")
"""The first parts of every path."""
