"""What uptimus asks a workspace to allow, and what Slack is to tell it: one list for manifest and installs."""

BASE = ("commands", "chat:write", "chat:write.public", "channels:read", "groups:read")
UNFURL = ("links:read", "links:write")
ADMINS = "users:read"

EVENTS = (
    "app_home_opened",
    "app_uninstalled",
    "tokens_revoked",
    *(
        f"{kind}_{what}"
        for kind in ("channel", "group")
        for what in ("archive", "unarchive", "deleted", "rename", "left")
    ),
    "channel_id_changed",
)
UNFURL_EVENT = "link_shared"
