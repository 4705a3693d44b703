"""The channels, and the one place that names them."""

from consumers.notifier.channels import apprise, webhook
from consumers.notifier.channels.base import Channel
from consumers.notifier.subscription import AppriseTarget, WebhookTarget
from groundswell.settings import Settings


def channels(settings: Settings) -> dict[str, Channel]:
    """Every channel, by the ``type`` of the targets that it tells."""
    every: tuple[Channel, ...] = (webhook.WebhookChannel(settings.notifier), apprise.AppriseChannel(settings.notifier))
    return {channel.name: channel for channel in every}


def shown(target: WebhookTarget | AppriseTarget) -> str:
    """``target`` as lists may show it: never a secret, nor a path that may be one."""
    return webhook.shown(target) if isinstance(target, WebhookTarget) else apprise.shown(target)
