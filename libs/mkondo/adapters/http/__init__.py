"""HTTP in and out of the platform: the front that merchants call, its servers, and the loopback proxy for SDKs.

Read next: front.py, then callers.py.
"""
