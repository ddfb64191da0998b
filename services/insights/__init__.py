"""The insights service: windowed operator figures, driven by Faust. Not built yet: its place in topology.py."""
