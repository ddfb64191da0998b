"""The M-Pesa wire: one table of operations, fields and codes, parsed and rendered. Read next: operations.py."""
