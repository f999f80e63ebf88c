"""Every error that a user may see, ordered by what the reader can do about it.

FinopsError
├── ConfigurationError    fix the file or the option
│   └── PluginError       fix, install or remove a plugin
│       └── MissingRequirementError   install an extra
├── DataError             fix the data that was read
├── AccessError           fix a permission, a path or a credential
├── RetryLaterError       nothing to fix: the other side is busy or down
└── DefectError           ours: please report it
"""

from __future__ import annotations


class FinopsError(Exception):
    """Something went wrong that can be said in words.

    Args:
        what: What happened, and where.
        hint: What to do next, as one sentence without a full stop.
    """

    def __init__(self, what: str, *, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.what}; {self.hint}" if self.hint else self.what


class ConfigurationError(FinopsError):
    """The configuration file, an option or an argument is wrong."""


class PluginError(ConfigurationError):
    """A plugin is missing, broken, or does not keep its contract."""


class MissingRequirementError(PluginError):
    """A plugin is fine; an extra that it needs is not installed."""


class DataError(FinopsError):
    """Billing data cannot be read as what it claims to be."""


class AccessError(FinopsError):
    """A path, an account or a service refuses us."""


class RetryLaterError(FinopsError):
    """The other side is throttling or unavailable."""


class DefectError(FinopsError):
    """A promise of this program is broken."""
