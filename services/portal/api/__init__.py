"""The management API, `/api/v1/{environment}/…`: JSON for scripts and for the command line. Read next: app.py."""
