"""ledger: the service that hosts the ledger decider. Composition root: root.py. Read next: mkondo/domain/ledger."""
