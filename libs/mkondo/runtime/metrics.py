"""Every metric of the platform, with a sentence each. docs/metrics.md is generated from here."""

from prometheus_client import Counter, Gauge, Histogram

POISON = Counter(
    "mkondo_poison_messages_total",
    "Messages that a decider raised on twice.",
    ["message_type"],
)
PARKED = Gauge(
    "mkondo_parked_messages",
    "Messages set aside until an operator retries or discards them.",
    ["environment", "decider"],
)
BATCHES = Counter("mkondo_batches_total", "Batches committed.", ["environment", "decider"])
MESSAGES = Counter(
    "mkondo_messages_total",
    "Messages decided and committed.",
    ["environment", "decider"],
)
EVENTS = Counter(
    "mkondo_events_total",
    "Events committed to the journals.",
    ["environment", "decider"],
)
BATCH_SECONDS = Histogram(
    "mkondo_batch_seconds",
    "From taking a batch to its commit, in seconds.",
    ["environment", "decider"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RECOVERIES = Counter(
    "mkondo_recoveries_total",
    "Times a processor dropped its memory and read its partitions again, by cause.",
    ["environment", "decider", "cause"],
)
OWNED = Gauge(
    "mkondo_owned_partitions",
    "Partitions that this process owns.",
    ["environment", "decider"],
)
SUSPENDED = Counter(
    "mkondo_suspended_credits_total",
    "Credits that went to a suspense account. Alert on any.",
)
CALLBACKS = Counter(
    "mkondo_callbacks_total",
    "Attempts to push a result to a merchant: `delivered`, `failed`, `not tried` (its target leaves attempts "
    "unanswered, and enough wait for it), `put off` (its host's queue is full) or `not sent`, for a reason of our own.",
    ["outcome"],
)
APPROVALS = Counter(
    "mkondo_approvals_total",
    "Customers asked on their handsets, by what came: a reason code, `none`, `not asked` (too many) or `bug`.",
    ["answer"],
)
REQUESTS = Counter("mkondo_requests_total", "Requests answered, by operation and HTTP status.", ["operation", "status"])
REQUEST_SECONDS = Histogram(
    "mkondo_request_seconds",
    "From the first byte of a request to its answer, in seconds.",
    ["operation"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25),
)
RATE_LIMITED = Counter(
    "mkondo_rate_limited_total",
    "Requests answered 429 because too many came in a second, by whose rate it was: `address` or `application`.",
    ["rate"],
)
PROJECTED = Counter("mkondo_projected_events_total", "Events folded into the views.", ["environment"])
PROJECTOR_LAG = Gauge(
    "mkondo_projector_lag_events", "Events in the journals that are not in the views yet.", ["environment"]
)
DIGEST_TROUBLES = Counter(
    "mkondo_digest_troubles_total",
    "Looks after the end of a day at which no digest could be closed.",
    ["environment"],
)
PROJECTOR_FENCED = Counter(
    "mkondo_projector_fenced_total",
    "Pages given up because another projector was quicker.",
    ["environment"],
)
