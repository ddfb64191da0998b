"""A moment's wait of a request that goes on until there is news. Read next: events.py, results.py."""

import asyncio


async def pause(stopping: asyncio.Event, seconds: float) -> None:
    """So long, or until the platform stops: nobody's wait holds that up."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return
