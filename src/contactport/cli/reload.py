"""SIGHUP: reads the settings and certificate authorities again, without an interruption."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import structlog

from contactport.net.client import reread_authorities
from contactport.settings import SettingError, Settings, take_over

log = structlog.get_logger()


def reload_on_signal(settings: Settings, load: Callable[[], Settings]) -> None:
    """Let SIGHUP read the settings file and the certificate authorities again, on the running loop.

    `load` reads the settings as at the start. If they can't be read, nothing changes.
    """

    def reread() -> None:
        try:
            changed, fixed = take_over(settings, load())
        except SettingError as error:
            log.error("settings_not_reread", error=str(error))
            return
        reread_authorities()
        log.info("settings_reread", changed=changed, after_a_restart=fixed)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reread)
