"""What crosses a process boundary, with versions. Read next: journal.py."""
