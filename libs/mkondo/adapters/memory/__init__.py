"""Every port in memory: what the simulation runs on, and an oracle for the other adapters. Read next: store.py."""
