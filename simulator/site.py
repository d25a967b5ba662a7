"""Under which origins one and the same application is seen.

Two ways of serving: plain HTTP on loopback, where the page is at `127.0.0.1` and the RPCs are at
`localhost` (another origin, as on the real site), and HTTPS under the site's own host names.
"""

from dataclasses import dataclass

PAGE_HOST = "aistudio.google.com"
RPC_HOST = "alkalimakersuite-pa.clients6.google.com"
ACCOUNTS_HOST = "accounts.google.com"
UPLOAD_HOST = "content.googleapis.com"
SITE_HOSTS = (PAGE_HOST, RPC_HOST, ACCOUNTS_HOST, UPLOAD_HOST, "www.google.com")
LOOPBACK_HOSTS = ("127.0.0.1", "localhost")

SERVICE_PATH = "/$rpc/google.internal.alkali.applications.makersuite.v1.MakerSuiteService"
UPLOAD_PATH = "/upload/drive/v3/files"
JSERROR_PATH = "/_/MakerSuite/jserror"
NEW_CHAT_PATH = "/prompts/new_chat"
SIGN_IN_PATH = "/ServiceLogin"


@dataclass(frozen=True, slots=True)
class Site:
    """The origins (scheme://host[:port], no trailing slash) that belong together in one way of serving."""

    page: str
    rpc: str
    accounts: str
    upload: str
    cookie_domain: str | None
    """`Domain` of the session cookies; None makes them belong to the host alone."""
    secure: bool

    @property
    def page_host(self) -> str:
        return self.page.split("//", 1)[1].split(":", 1)[0]

    @property
    def home(self) -> str:
        """Address of an empty chat."""
        return self.page + NEW_CHAT_PATH


PRODUCTION = Site(
    page=f"https://{PAGE_HOST}",
    rpc=f"https://{RPC_HOST}",
    accounts=f"https://{ACCOUNTS_HOST}",
    upload=f"https://{UPLOAD_HOST}",
    cookie_domain=".google.com",
    secure=True,
)


def loopback_site(scheme: str, port: int) -> Site:
    """The site on a loopback port: page and sign-in at 127.0.0.1, RPCs and uploads at localhost."""
    here, there = f"{scheme}://127.0.0.1:{port}", f"{scheme}://localhost:{port}"
    return Site(
        page=here, rpc=there, accounts=here, upload=there, cookie_domain=None, secure=scheme == "https"
    )


def site_of(scheme: str, host: str) -> Site | None:
    """The site that a request with this scheme and Host header belongs to; None for a foreign host."""
    name, _, port = host.lower().partition(":")
    if scheme == "https" and name in SITE_HOSTS:
        return PRODUCTION
    if name in LOOPBACK_HOSTS:
        default = 443 if scheme == "https" else 80
        return loopback_site(scheme, int(port) if port.isdecimal() else default)
    return None
