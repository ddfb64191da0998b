"""reversals: what of a payment may be given back. Composition root: root.py. Read next: mkondo/domain/reversals.py."""
