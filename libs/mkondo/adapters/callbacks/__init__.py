"""Results to merchants over HTTP. Read next: sender.py, addresses.py."""
