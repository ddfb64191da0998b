"""How to reach the brokers: one frozen value that every client of this adapter is made from."""

from typing import Any

import msgspec
from aiokafka.helpers import create_ssl_context


class Connection(msgspec.Struct, frozen=True):
    """Brokers and credentials. `security` is PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL, `mechanism` Kafka's name."""

    bootstrap: str
    security: str = "PLAINTEXT"
    ca_file: str | None = None
    certificate_file: str | None = None
    key_file: str | None = None
    mechanism: str = "PLAIN"
    username: str | None = None
    password: str | None = None

    def client_settings(self) -> dict[str, Any]:
        """The keyword arguments that every aiokafka client takes."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "security_protocol": self.security,
            "retry_backoff_ms": 100,
        }
        if self.security.endswith("SSL"):
            settings["ssl_context"] = create_ssl_context(
                cafile=self.ca_file, certfile=self.certificate_file, keyfile=self.key_file
            )
        if self.security.startswith("SASL"):
            settings["sasl_mechanism"] = self.mechanism
            settings["sasl_plain_username"] = self.username
            settings["sasl_plain_password"] = self.password
        return settings
