"""Makes the web application from an installation."""

from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix

from privacy.deadlines import ZONE
from privacy.keyring import KeyRing
from server.services.words import CATALOGUES
from server.web import afterwards, errors, pages
from server.web.guard import protect
from server.web.state import locale, login_manager
from workers.runtime.process import Process

#: The longest form that anybody fills in.
MAX_BYTES = 64 * 1024
_MONTH = 30 * 24 * 3600


def create_app(process: Process) -> Flask:
    """The application. Raises `WrongMasterKeyError` and the database's errors, rather than start half."""
    app = Flask("server.web")
    app.extensions["klarwert"] = process
    app.config.update(_config(process.settings.secure, process.settings.redis_url, process.ring))
    if process.settings.proxies:
        hops = process.settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    Babel(app, locale_selector=locale, default_translation_directories=str(CATALOGUES))
    login_manager.init_app(app)
    protect(app)
    afterwards.prepare(app)
    errors.answer(app)
    pages.register(app)
    return app


def _config(secure: bool, redis_url: str, ring: KeyRing) -> dict[str, object]:
    return {
        "SECRET_KEY": ring.instance("cookies"),
        "MAX_CONTENT_LENGTH": MAX_BYTES,
        "MAX_FORM_MEMORY_SIZE": MAX_BYTES,
        "SEND_FILE_MAX_AGE_DEFAULT": _MONTH,
        "SESSION_COOKIE_NAME": "klarwert",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "REMEMBER_COOKIE_HTTPONLY": True,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": secure,
        "RATELIMIT_STORAGE_URI": redis_url.replace("unix://", "redis+unix://"),
        "RATELIMIT_KEY_PREFIX": "klarwert",
        "RATELIMIT_HEADERS_ENABLED": False,
        "BABEL_DEFAULT_LOCALE": "de",
        "BABEL_DEFAULT_TIMEZONE": ZONE.key,
    }
