"""The developer portal: people, over HTML. Not built yet: its place in topology.py."""
