"""What the core asks of the outside world: one Protocol per file, each docstring a promise."""
