"""mkondo: the command line, and the one place that composes all services. Read next: main.py, platform.py."""
