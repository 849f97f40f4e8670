"""`understudy mcp`: the tools for programs that talk to a language model, over standard input and output."""

from understudy.cli.options import Data, Url


def mcp(url: Url = None, data: Data = None) -> None:
    """Offer the models as tools to a program that uses MCP.

    That is the Model Context Protocol, over standard input and output; the program starts this command itself.
    """
    import asyncio

    from understudy.errors import ConfigurationError
    from understudy.mcp import REMEDY, is_installed

    if not is_installed():
        raise ConfigurationError(f"The Model Context Protocol needs an extra: {REMEDY}")
    from understudy.mcp.stdio import serve

    asyncio.run(serve(url, data=data))
