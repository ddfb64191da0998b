"""Mkondo: an event-sourced mobile-money payments platform. Read next: domain, then topology.py."""
