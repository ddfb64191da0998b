"""The conformance kit: coded cases for the M-Pesa OpenAPI, run over HTTP against any implementation.

Read next: case.py.
"""
