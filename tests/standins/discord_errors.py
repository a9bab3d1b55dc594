"""The errors of the stand-in Discord: each code with the status and the words that Discord answers it with."""

from typing import Any, Final

Json = dict[str, Any]

CODES: Final[dict[int, tuple[int, str]]] = {
    0: (401, "401: Unauthorized"),
    10002: (404, "Unknown Application"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20012: (403, "You are not authorized to perform this action on this application"),
    20016: (429, "This action cannot be performed due to slowmode rate limit"),
    20022: (429, "This message cannot be edited due to announcement rate limits"),
    20028: (429, "The write action you are performing on the channel has hit the write rate limit"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached. Try again later"),
    40001: (403, "Unauthorized"),
    40033: (400, "This message has already been crossposted"),
    40060: (400, "Interaction has already been acknowledged."),
    40062: (429, "Service resource is being rate limited."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40333: (403, "internal network error"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
    160007: (400, "Maximum number of active announcement threads reached"),
    200000: (400, "Message was blocked by automatic moderation"),
}
"""The statuses of 30046, 50083 and the like are from reports on GitHub; of 160004 … 160007 they are a guess."""


class Refusal(Exception):  # noqa: N818  (it is Discord's answer, no failure of ours)
    """An answer that is an error. `errors`: Discord's tree of what is wrong; `wait`: seconds, for a 429."""

    def __init__(self, code: int, *, errors: Json | None = None, wait: float = 0, status: int = 0) -> None:
        known, self.message = CODES[code]
        super().__init__(f"{code} {self.message} {errors or ''}")
        self.code, self.errors, self.wait, self.status = code, errors, wait, status or known

    def as_discord(self) -> Json:
        """The body of the answer."""
        body: Json = {"message": self.message, "code": self.code}
        if self.errors is not None:
            body["errors"] = self.errors
        return body | {"retry_after": self.wait, "global": False} if self.status == 429 else body


class Fault:
    """One thing that is wrong with a body: where, and what."""

    def __init__(self, path: str, text: str, code: str = "BASE_TYPE_INVALID") -> None:
        self.path, self.text, self.code = path, text, code

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def refuse(faults: list[Fault]) -> None:
    """Refusal with 50035 for these faults, if there are any, as the tree that Discord builds of them."""
    if not faults:
        return
    tree: Json = {}
    for fault in faults:
        branch = tree
        for name in fault.path.split(".") if fault.path else []:
            branch = branch.setdefault(name, {})
        branch.setdefault("_errors", []).append({"code": fault.code, "message": fault.text})
    raise Refusal(50035, errors=tree)
