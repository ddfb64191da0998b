"""The troubles a port may report. Anything else that a port raises is a bug, and crashes the process."""


class TryLater(Exception):
    """The world is busy or out of reach, and certainly nothing was done. Back off with jitter and try again."""


class CommitUnknown(Exception):
    """The answer to COMMIT was lost: the batch is in the store or it is not. Drop memory and read the row again."""


class Fenced(Exception):
    """Another owner has raised the epoch, or the row moved: this owner's memory is worthless."""


class Incompatible(Exception):
    """The store belongs to a newer version or to another partition count: refuse, and leave it untouched."""
