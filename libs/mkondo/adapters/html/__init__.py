"""Pages for people, from templates."""
