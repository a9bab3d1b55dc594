"""Status pages in: one module per kind of page, and the one list of them."""

from adapters import statuspage
from adapters.adapter import Read

ADAPTERS: dict[str, Read] = {
    "statuspage": statuspage.read,
}
"""In the order in which an unknown page is tried."""
