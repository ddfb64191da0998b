"""What every request of the management API is made of. Read next: errors.py, for how a wrong one is refused."""

from pydantic import BaseModel, ConfigDict


class Asked(BaseModel):
    """The body of a request. A misspelt field is an error and no type is made to fit: a setting that is silently
    ignored costs its sender an afternoon."""

    model_config = ConfigDict(extra="forbid", strict=True)
