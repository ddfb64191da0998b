"""Pages from templates: whatever a value holds, it is shown as text (autoescape), and an unknown name is an error.

`templates/` here holds the frame of every page and the pages of the documentation; a service adds a folder of its own.
Read next: templates/frame.html.
"""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
"""Of a page that needs nothing but itself: no script, no image, no address elsewhere."""

_OWN = Path(__file__).parent / "templates"


class Templates:
    """The templates of some folders and of this package; what the earlier folder has is found first."""

    def __init__(self, *folders: Path) -> None:
        self._environment = Environment(
            loader=FileSystemLoader([*folders, _OWN]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            keep_trailing_newline=True,
        )

    def render(self, name: str, values: Mapping[str, object]) -> bytes:
        """The page as UTF-8."""
        return self._environment.get_template(name).render(values).encode()
