"""Settings of the Postgres we run ourselves: safe first, then small, then quick on two cores. Read next: server.py."""

from collections.abc import Mapping
from pathlib import Path

SETTINGS: Mapping[str, str] = {
    # What is committed survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Nobody reaches it but through a socket in a directory of mode 0700.
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    # One writer per partition, short statements: few checkpoints matter most. Memory is used as it is needed: a million
    # customers need it, an idle platform touches little of it.
    "shared_buffers": "512MB",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "min_wal_size": "256MB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    # No replicas and no archive: nothing reads the log but recovery.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    # The statements are known and small: no compilation, no parallel plans.
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "max_worker_processes": "2",
    "huge_pages": "off",
    # Journals only grow, records are updated in place: vacuum little and often, with one worker.
    "autovacuum_max_workers": "1",
    "autovacuum_naptime": "15s",
    "autovacuum_vacuum_insert_scale_factor": "0.5",
    # A client that stopped in the middle of a transaction must not keep its locks from the next owner.
    "idle_in_transaction_session_timeout": "5s",
    "client_connection_check_interval": "2s",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}

SINCE_18: Mapping[str, str] = {"io_method": "sync", "autovacuum_worker_slots": "1"}
"""No processes for reading ahead: everything hot is in memory."""


def command_line(version: int, socket_directory: Path, overriding: Mapping[str, str]) -> list[str]:
    """`-c name=value …`: on the command line they are always today's, whatever the data directory's file says."""
    fitting = {**SETTINGS, **(SINCE_18 if version >= 18 else {})}
    settings = {**fitting, "unix_socket_directories": str(socket_directory), **overriding}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
