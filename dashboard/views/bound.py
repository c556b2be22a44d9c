"""A query whose parameters are somebody's choice: widgets, and whatever else Param can refer to.

Whenever one of them has another value the question is another one, and views show its answer: it is asked by
parameters, never by text. Equal choices share one answer, as all equal questions do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from param.parameterized import resolve_ref, resolve_value, transform_reference

from .selection import Chosen

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.live import LiveQuery

    from .plot import Plot


class Bound(Chosen):
    """The query of the values that its references have now; for views, in the place of a query.

    Parameters
    ----------
    ask
        Makes a query of the values.
    parameters
        Values, and references to values: widgets, parameters, bound functions, reactive expressions.
    """

    def __init__(self, ask: Callable[..., LiveQuery], parameters: tuple[Any, ...]) -> None:
        references = [transform_reference(parameter) for parameter in parameters]
        super().__init__(lambda: ask(*map(resolve_value, references)), None)
        for parameter in {one for reference in references for one in resolve_ref(reference)}:
            parameter.owner.param.watch(self._turn, parameter.name)

    @property
    def frame(self) -> pd.DataFrame:
        """The answer to the question of now; empty until ready."""
        return self.query.frame

    def wait(self) -> Bound:
        """Block until the first answer is in; see `LiveQuery.wait`."""
        self.query.wait()
        return self

    def hv(self, draw: Callable[[pd.DataFrame], Any], **params: Any) -> Plot:
        """A view of whatever `draw` makes of the frame; see `LiveQuery.hv`."""
        from .plot import Plot  # which takes a second that others need not wait for

        return Plot(self, draw, **params)

    def _turn(self, *_: Any) -> None:
        self.forget()
        self.tell()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        return self._glance()._repr_mimebundle_(include, exclude)

    def __panel__(self) -> Any:
        return self._glance().__panel__()

    def _glance(self) -> Any:
        from .glance import Glance

        return Glance(self)
