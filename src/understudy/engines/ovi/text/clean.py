"""A prompt as the text encoder was taught to read it."""

import html


def clean(text: str) -> str:
    """`text` with broken characters mended, HTML unescaped, and every run of white space as one space.

    The order is that of Wan's tokeniser, which Ovi uses. Cleaning is not idempotent: what was escaped many times
    over loses more of it each time, so a text is to be cleaned once.
    """
    # Imported here and not above: it comes with the extra `ovi`.
    import ftfy

    mended: str = ftfy.fix_text(text)
    unescaped = html.unescape(html.unescape(mended))
    return " ".join(unescaped.split())
