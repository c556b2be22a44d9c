"""The page of the storefronts, as one shop sees it: four tabs, of which the open one is followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.frame import bell, choice_of_member, for_member, here, scope_of
from dashboard.views import Field, Page, Refresh, Selection, Status, Tabs

from .board import DOWNLOADED, KINDS, ORDERED, SQL, Board

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live, LiveQuery


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
    tabs = Tabs(
        {
            "Overview": board.overview,
            "Favourites": board.favourites,
            "Orders": board.orders,
            "Downloads": board.downloads,
        },
        title="Storefront",
        aside=[Status(live, variant="minimal")],
    )
    present = here(live, "storefront", shops, shop, scope_of("storefront_member", shop))
    shown = Page(
        tabs,
        live=live,
        title="Storefront",
        active="Storefront",
        colours={"kind": KINDS, "outcome": ("done", "failed")},
        selection=selection,
        alerts=bell(live, scope_of("storefront_member", shop)),
        toolbar=[choice_of_member(shops, shop), Refresh(live), present],
    )
    return shown.__panel__()
