"""The mandates service: the payer's standing permissions and the collections under them.

Not built yet; its place is kept in topology.py.
"""
