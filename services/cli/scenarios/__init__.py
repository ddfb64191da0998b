"""Named scenarios: a story of one request, what must be answered, and what must be pushed. Read next: scenario.py."""
