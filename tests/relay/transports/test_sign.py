"""Signatures, verified by others: the packages standardwebhooks and svix, and cryptography from the public key."""

import base64
from datetime import UTC, datetime

import pytest
import standardwebhooks
import svix.webhooks
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from relay.transports.sign import new_secret, new_signing_key, public_key, signatures

ID, BODY = "evt_1", b'{"a":"\xc3\xbc"}'


def headers(*secrets: str) -> dict[str, str]:
    now = int(datetime.now(UTC).timestamp())
    signed = signatures(secrets, ID, now, BODY)
    return {"webhook-id": ID, "webhook-timestamp": str(now), "webhook-signature": signed}


def verified(public: str, sent: dict[str, str], body: bytes) -> None:
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public.removeprefix("whpk_")))
    (signature,) = [one for one in sent["webhook-signature"].split(" ") if one.startswith("v1a,")]
    signed = f"{sent['webhook-id']}.{sent['webhook-timestamp']}.".encode() + body
    key.verify(base64.b64decode(signature.removeprefix("v1a,")), signed)


def test_others_verify_also_during_a_rotation_and_beside_v1a() -> None:
    secrets = new_secret(), new_secret()
    sent = headers(secrets[0], new_signing_key(), secrets[1])
    for secret in secrets:
        standardwebhooks.Webhook(secret).verify(BODY, sent)
        svix.webhooks.Webhook(secret).verify(BODY, sent)
    with pytest.raises(svix.webhooks.WebhookVerificationError):
        svix.webhooks.Webhook(new_secret()).verify(BODY, sent)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(secrets[0]).verify(BODY + b" ", sent)


def test_v1a_is_verified_with_the_public_key_alone() -> None:
    key = new_signing_key()
    sent, public = headers(key), public_key(key)
    assert public is not None
    assert sent["webhook-signature"].startswith("v1a,")
    verified(public, sent, BODY)
    with pytest.raises(InvalidSignature):
        verified(public, sent, BODY + b" ")
    with pytest.raises(InvalidSignature):
        verified(public_key(new_signing_key()) or "", sent, BODY)


def test_a_key_pair_as_others_write_it() -> None:
    pair = "6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    public = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="
    seed = base64.b64encode(base64.b64decode(pair)[:32]).decode()
    assert public_key(f"whsk_{pair}") == public_key(f"whsk_{seed}") == public
    verified(public, headers(f"whsk_{seed}"), BODY)


def test_keys_are_new_and_have_their_forms() -> None:
    first, second = new_signing_key(), new_signing_key()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsk_"))) == 64
    assert public_key(new_secret()) is None


@pytest.mark.parametrize("bad", ["whsk_", "whsk_%%%", "whsk_QUJD", "whsec_ü"])
def test_what_is_no_key_is_not_repeated(bad: str) -> None:
    with pytest.raises(ValueError, match="a webhook's") as caught:
        signatures((bad,), ID, 1, BODY)
    assert bad.partition("_")[2] == "" or bad.partition("_")[2] not in str(caught.value)
