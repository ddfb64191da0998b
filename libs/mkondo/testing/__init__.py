"""What tests are written with: conformance suites, a real Postgres, a real Kafka. Production never imports it."""
