"""Cryptography of the edge: the platform's RSA key pair and the local certificate authority."""
