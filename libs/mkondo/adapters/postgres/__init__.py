"""Postgres: the store, the views, and a server of our own to run them on. Read next: store.py, server.py."""
