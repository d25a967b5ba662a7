"""A certificate for the site's own host names, from an authority that nobody trusts."""

import ssl

import trustme

from simulator.site import LOOPBACK_HOSTS, SITE_HOSTS


def server_context() -> ssl.SSLContext:
    """A TLS context that answers for all hosts of the site, by HTTP/1.1 only."""
    certificate = trustme.CA(organization_name="AI Studio simulator").issue_cert(*SITE_HOSTS, *LOOPBACK_HOSTS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    certificate.configure_cert(context)
    return context
