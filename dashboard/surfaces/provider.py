"""Logging in with an identity provider: Panel's own handlers, whose user becomes a login of ours.

Panel brings the providers (GitHub, GitLab, Google, Azure, Okta, Auth0, Bitbucket, any by OpenID) and what each of them
answers; who that is here, and what they see, the directory says. Whom it does not know is not let in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from panel.auth import AUTH_PROVIDERS
from panel.config import config
from tornado.web import HTTPError, RequestHandler

from dashboard.errors import SettingsError
from dashboard.settings import Settings, settings
from dashboard.surfaces.login import after

if TYPE_CHECKING:
    from dashboard.surfaces.logins import Logins


def provider_page(logins: Logins) -> type[RequestHandler]:
    """What answers `/login` for the provider of the settings.

    Raises
    ------
    SettingsError
        Panel has no such provider, or a setting that it needs is missing.
    """
    chosen = settings()
    base: Any = _chosen(chosen)
    config.param.update(
        _oauth_provider=chosen.oauth_provider,
        _oauth_key=chosen.oauth_key,
        _oauth_secret="" if chosen.oauth_secret is None else chosen.oauth_secret.get_secret_value(),
        _oauth_extra_params=dict(chosen.oauth_extra),
    )

    class ProviderPage(base):  # type: ignore[misc]  # Panel has no types
        """Answers `/login`."""

        _login_endpoint = "/login"

        @property
        def _redirect_uri(self) -> str:
            return chosen.oauth_redirect_uri or f"{self.request.protocol}://{self.request.host}/login"

        def prepare(self) -> None:
            """Panel goes afterwards wherever it is told to."""
            self.request.arguments["next"] = [after(self).encode()]

        async def _fetch_access_token(self, *arguments: Any, **options: Any) -> Any:
            found = await super()._fetch_access_token(*arguments, **options)
            user = found[0]
            if user is not None:
                person = (await logins.directory.find([user])).get(user)
                if person is None:
                    raise HTTPError(403, reason="Nobody here is known by this name")
                await logins.end(self)
                logins.begin(self, person)
            return found

        def write_error(self, status_code: int, **kwargs: Any) -> None:
            self.clear_all_cookies()
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(f"You could not be logged in ({status_code}: {self._reason}). Open /login to try again.\n")

    return ProviderPage


def _chosen(chosen: Settings) -> Any:
    """Panel's page for the provider of the settings; raises as `provider_page`."""
    known = {name: page for name, page in AUTH_PROVIDERS.items() if hasattr(page, "_fetch_access_token")}
    base: Any = known.get(chosen.oauth_provider or "")
    if base is None:
        raise SettingsError(
            f"There is no identity provider {chosen.oauth_provider!r}.",
            f"Set DASHBOARD_OAUTH_PROVIDER to one of {', '.join(sorted(known))}.",
        )
    if chosen.oauth_key is None or chosen.oauth_secret is None:
        raise SettingsError(
            "The identity provider knows this site by a key and a secret.",
            "Set DASHBOARD_OAUTH_KEY and DASHBOARD_OAUTH_SECRET.",
        )
    return base
