"""The reversals service: compensating journal entries, keyed by the original payment.

Not built yet; its place is kept in topology.py.
"""
