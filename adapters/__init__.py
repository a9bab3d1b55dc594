"""Status pages in: one module per kind of page, and the one list of them."""

from adapters import instatus, statuspage
from adapters.adapter import Adapter

ADAPTERS: dict[str, Adapter] = {
    module.ADAPTER.name: module.ADAPTER
    for module in (
        statuspage,
        instatus,
    )
}
"""In the order in which a page that gives no evidence is tried."""
