"""The page of the storefronts, as one shop sees it: four tabs, of which the open one is followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dashboard.apps.details import Details, Told
from dashboard.apps.frame import bell, choice_of_member, comments, for_member, here, scope_of
from dashboard.views import Field, Page, Refresh, Selection, Status, Tabs
from dashboard.views.address import asked

from .board import DOWNLOADED, KINDS, ORDERED, SQL, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery
    from dashboard.views import View

# What the sample's shops sell, so that no two categories of one shop share a colour.
CATEGORIES = (
    "Typeface", "Print", "Pattern", "Card set", "Calendar", "Map", "Route", "Gear", "Samples", "Presets", "Record",
)  # fmt: skip


def page(live: Live) -> Viewable:
    """Build the page for one session."""

    def build(shops: LiveQuery, shop: int) -> Viewable:
        return _page(live, shops, shop)

    return for_member(live, SQL["shops"], build)


def _page(live: Live, shops: LiveQuery, shop: int) -> Viewable:
    categories = live.query(SQL["categories"], scope=scope_of("storefront_member", shop), priority="low")
    selection = Selection(
        Field("category", "Category", categories),
        Field("kind", "Activity", KINDS),
        Field("order", "Order", ORDERED),
        Field("download", "Download", DOWNLOADED),
    )
    board = Board(live, shop, selection)
    scope = scope_of("storefront_member", shop)
    present = here(live, "storefront", shops, shop, scope)

    for name in ("purchase", "customer"):
        asked(name)  # what the tabs ask of the address that are built when they open

    def order(number: int, closed: Told) -> View:
        return board.order(number, closed, comments(live, "storefront.comments", number, shops, shop, scope))

    def orders() -> Sequence[Any]:
        return board.orders(Details("purchase", board.all_orders, order, present).column)

    def favourites() -> Sequence[Any]:
        return board.favourites(Details("customer", board.customers, board.customer, present).column)

    tabs = Tabs(
        {
            "Overview": board.overview,
            "Favourites": favourites,
            "Orders": orders,
            "Downloads": board.downloads,
        },
        title="Storefront",
        aside=[Status(live, variant="minimal")],
    )
    shown = Page(
        tabs,
        live=live,
        title="Storefront",
        active="Storefront",
        colours={"category": CATEGORIES, "kind": KINDS, "outcome": ("done", "failed")},
        selection=selection,
        alerts=bell(live, scope),
        toolbar=[choice_of_member(shops, shop), Refresh(live), present],
    )
    return shown.__panel__()
