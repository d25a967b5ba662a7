"""`/admin`: the owner's web page, and the routes below `/admin/api` that it uses; one router a family."""

from api.routes.admin import keys, page, profiles, queue, session, sign_in, status

routers = (
    session.open_router,
    session.router,
    status.router,
    queue.router,
    keys.router,
    profiles.router,
    sign_in.router,
    page.router,
)
"""What `api.app` includes."""
static = page.static
"""What it mounts below `/admin/static`."""
