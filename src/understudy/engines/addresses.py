"""Addresses of models, `owner/slug`, as they are compared."""


def canonical(address: str) -> str:
    """What all spellings of one address have in common: requests write it in any case, '.' and '-' alike."""
    return address.lower().replace(".", "-")
