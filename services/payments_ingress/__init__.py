"""payments_ingress: the operations that merchants call. Composition root: root.py. Read next: checks.py, pay.py,
query.py."""
