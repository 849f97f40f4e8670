"""What a page may load, and who may show it (Content Security Policy, level 3)."""

from collections.abc import Sequence


def page_headers(media_origins: Sequence[str] = ()) -> dict[str, str]:
    """The headers of every page. Scripts and styles come from files of this server alone, never from the page itself.

    `media_origins`: where pictures and clips may come from as well.
    """
    media = " ".join(("'self'", "blob:", *media_origins))
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "font-src": "'self'",
        "img-src": f"{media} data:",
        "media-src": media,
        "connect-src": "'self'",
        "form-action": "'self'",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        # What somebody saw does not stay in a browser where they have signed out.
        "cache-control": "no-store",
    }
