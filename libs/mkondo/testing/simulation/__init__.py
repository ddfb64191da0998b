"""The whole system in virtual time: real deciders and runtime, a durable store and log in memory, seeded misfortune.

One seed is one run, always the same. Read next: world.py, which puts a run together; then loop.py for time, weather.py
for misfortune, life.py and handles.py for processes that die between two steps, carrier.py for the Kafka-like log,
clients.py for what is asked of the system, and checks.py for what must be true at the end.
"""
