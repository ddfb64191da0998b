"""mandates: direct debits. Composition root: root.py. Read next: mkondo/domain/mandates.py."""
