"""Where the Mozambique gateway is called: host names that say which environment is meant, and a port for each API.

Pure. Contract sections 9 and 12. The host names have certificates too (mkondo/adapters/keys/authority.py).
Read next: operations.py.
"""

from mkondo.domain.environments import LIVE, SANDBOX

HOSTS: dict[str, str] = {
    "api.sandbox.vm.co.mz": SANDBOX,
    "api.vm.co.mz": LIVE,
    "api.mpesa.vm.co.mz": LIVE,
}

PORTS: dict[str, int] = {
    "c2b_single_stage": 18352,
    "b2c_payment": 18345,
    "b2b_payment": 18349,
    "reversal": 18354,
    "query_transaction_status": 18353,
    "query_beneficiary_name": 19323,
}
"""By operation. Each of ours answers every operation: clients that come by the proxy all end at one port."""


def environment_of(host: str) -> str:
    """The environment that a Host header means, or nothing: then the caller's API key tells."""
    return HOSTS.get(host.lower().partition(":")[0].rstrip("."), "")
