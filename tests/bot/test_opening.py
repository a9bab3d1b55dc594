"""Tokens and hooks as an operator makes them in a terminal."""

from .test_cli import Shell, shell

__all__ = ["shell"]


async def test_a_token_is_made_listed_and_revoked(shell: Shell) -> None:
    made = await shell.json("token", "create", "wall board")
    assert made["token"].startswith("uptm_")
    assert (made["name"], made["workspace"]) == ("wall board", "local")
    code, out, err = await shell("token", "create", "wall board")
    assert (code, out) == (1, "")
    assert "already" in err
    listed = await shell.json("token", "list")
    assert [one["name"] for one in listed["tokens"]] == ["wall board"]
    assert made["token"] not in str(listed)
    code, _, err = await shell("token", "list", "--workspace", "slack:T0")
    assert (code, "There is no workspace" in err) == (1, True)
    assert (await shell.json("token", "revoke", "wall board"))["revoked"] is True
    assert (await shell.json("token", "list"))["tokens"] == []
    code, _, err = await shell("token", "revoke", "wall board")
    assert (code, "There is no token" in err) == (1, True)


async def test_a_providers_hook(shell: Shell) -> None:
    await shell.json("follow", shell.address)
    hook = (await shell.json("provider", "hook", "chargeover"))["hook"]
    assert "/hooks/statuspage/1." in hook
    assert (await shell.json("provider", "hook", "chargeover"))["hook"] == hook
    assert (await shell.json("provider", "hook", "chargeover", "--revoke"))["revoked"] is True
    assert (await shell.json("provider", "hook", "chargeover"))["hook"] != hook
