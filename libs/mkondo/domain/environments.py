"""The two environments of a deployment, by the first segment of a path: they share code and nothing else (G9).

Pure. Read next: topology.py.
"""

SANDBOX, LIVE = "sandbox", "openapi"
ENVIRONMENTS = (SANDBOX, LIVE)
