"""The gateway to customers' real handsets, over signed HTTPS. Start with gateway.py."""
