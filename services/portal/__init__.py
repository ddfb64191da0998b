"""The developer portal. Today its management API (api/); people, over HTML, are still to come."""
