"""The server's settings: one table makes the TOML keys, the environment names, the flags of `serve` and the docs."""

from understudy.config.folders import data_folder
from understudy.config.loading import load_settings
from understudy.config.settings import Origin, Settings
from understudy.config.table import TABLE, Setting, setting

__all__ = ["TABLE", "Origin", "Setting", "Settings", "data_folder", "load_settings", "setting"]
