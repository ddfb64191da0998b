"""edge_auth: getSession. Composition root: root.py. Read next: sessions.py."""
