"""The loops that make deciders live. Read next: processor.py."""
