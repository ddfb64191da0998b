"""The callbacks service: signed notifications to merchants, retried for days.

Not built yet; its place is kept in topology.py.
"""
