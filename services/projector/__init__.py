"""The projector: read models in Postgres."""
