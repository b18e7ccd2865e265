"""Methods by which a bot receives its updates."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import bad_request, conflict
from sandbox.methods import Done, Parameters, method
from sandbox.model import JSON
from sandbox.parameters import array_of, boolean, integer, string, unsupported
from sandbox.updates import Webhook
from sandbox.world import World

LONGEST_POLL = 50


@method("getUpdates", offset=integer, limit=integer, timeout=integer, allowed_updates=array_of(string))
def get_updates(world: World, parameters: Parameters) -> list[JSON]:
    """Answer at once; `long_poll` waits."""
    updates = world.updates
    if updates.webhook:
        raise conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    updates.supersede("terminated by other getUpdates request; make sure that only one bot instance is running")
    if "allowed_updates" in parameters:
        updates.allow(parameters["allowed_updates"])
    return updates.take(parameters.get("offset", 0), _limit(parameters))


async def long_poll(world: World, parameters: Parameters) -> list[JSON]:
    """Wait for updates; a later caller ends this one with 409."""
    with world.change():
        batch = get_updates(world, parameters)
        poller = world.updates.poller
        revision = world.revision
    try:
        async with asyncio.timeout(min(max(parameters.get("timeout", 0), 0), LONGEST_POLL)):
            while not batch and world.serving:
                revision = await world.changed(revision)
                with world.reading():
                    if world.updates.poller != poller:
                        raise conflict(world.updates.ended_by)
                    batch = world.updates.take(0, _limit(parameters))
    except TimeoutError:
        return []
    return batch


def _limit(parameters: Parameters) -> int:
    limit: int = parameters.get("limit", 100)
    return limit if 1 <= limit <= 100 else 100


@method(
    "setWebhook",
    url=string,
    certificate=unsupported,
    ip_address=string,
    max_connections=integer,
    allowed_updates=array_of(string),
    drop_pending_updates=boolean,
    secret_token=string,
)
def set_webhook(world: World, parameters: Parameters) -> Done:
    url, secret = parameters.get("url", ""), parameters.get("secret_token")
    if not url:
        return delete_webhook(world, {k: v for k, v in parameters.items() if k == "drop_pending_updates"})
    address = urlsplit(url)
    if address.scheme != "http" or address.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise bad_request("bad webhook: an HTTP URL on the loopback interface must be provided for webhook here")
    if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
        raise bad_request("secret token contains unallowed characters")
    if "allowed_updates" in parameters:
        world.updates.allow(parameters["allowed_updates"])
    _drop(world, parameters)
    connections = min(max(parameters.get("max_connections", 40), 1), 100)
    world.updates.webhook = Webhook(url, secret, connections, parameters.get("ip_address"))
    world.updates.supersede("terminated by setWebhook request")
    return Done(True, "Webhook was set")


@method("deleteWebhook", drop_pending_updates=boolean)
def delete_webhook(world: World, parameters: Parameters) -> Done:
    _drop(world, parameters)
    was_set = world.updates.webhook is not None
    world.updates.webhook = None
    return Done(True, "Webhook was deleted" if was_set else "Webhook is already deleted")


@method("getWebhookInfo")
def get_webhook_info(world: World, _: Parameters) -> JSON:
    webhook = world.updates.webhook
    info: dict[str, Any] = {
        "url": webhook.url if webhook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(world.updates.pending),
    }
    if webhook:
        info["max_connections"] = webhook.max_connections
        if webhook.ip_address:
            info["ip_address"] = webhook.ip_address
        if webhook.last_error:
            info["last_error_date"], info["last_error_message"] = webhook.last_error
    if world.updates.allowed:
        info["allowed_updates"] = world.updates.allowed
    return info


def _drop(world: World, parameters: Parameters) -> None:
    if parameters.get("drop_pending_updates"):
        world.updates.pending.clear()
