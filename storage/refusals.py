"""Errors of the database that pass by themselves (it is gone, locked, full), and those that never will."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

_OF_THE_VALUES = ("22", "23", "54")
"""What SQLSTATEs of data that can't be stored begin with, of broken constraints, and of what is too large."""


def is_refused(error: Exception) -> bool:
    """The database can be reached and does not take what it was given: it won't the next time either."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return isinstance(error, DataError | IntegrityError) or state.startswith(_OF_THE_VALUES)
    return isinstance(error, StatementError | ValueError | TypeError | OverflowError)
