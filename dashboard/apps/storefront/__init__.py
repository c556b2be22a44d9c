"""Storefronts: what customers of small shops favour, order and download."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.apps.app import App

from .load import load
from .simulate import Shoppers

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from dashboard.live import Live

TABLES = (
    "storefront.shops",
    "storefront.products",
    "storefront.customers",
    "storefront.favourites",
    "storefront.orders",
    "storefront.order_items",
    "storefront.downloads",
    "storefront.activities",
    "storefront.comments",
)


def _page(live: Live) -> Viewable:
    from .page import page

    return page(live)


def _alerts(live: Live) -> None:
    from .alerts import declare

    declare(live)


APP = App(
    name="storefront",
    title="Storefront",
    summary="Favourites, orders and downloads of a shop's customers; what a tab shows is followed while it is open.",
    tables=TABLES,
    api=(
        "storefront.shops",
        "storefront.products",
        "storefront.favourites",
        "storefront.orders",
        "storefront.order_items",
        "storefront.downloads",
        "storefront.activities",
    ),
    load=load,
    actor=Shoppers,
    adds="an order",
    page=_page,
    alerts=_alerts,
    role="storefront_member",
    members="storefront.shops",
)
