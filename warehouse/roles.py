"""The database roles: one login for each kind of process, none of them the owner."""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum

OWNER_ROLE = "mh_owner"


class Role(StrEnum):
    """A login that a process of ours uses; what each may do is in the migrations."""

    LOADER = "mh_loader"
    TRANSFORMER = "mh_transformer"
    FINANCE = "mh_finance"
    REPORTER = "mh_reporter"
    ORCHESTRATOR = "mh_orchestrator"


def role_password(role: Role, *, secret: str) -> str:
    """Derives a role's password from the installation's secret (HMAC-SHA256, RFC 2104).

    Args:
        role: The login.
        secret: The installation's secret, from the settings or the state folder.

    Returns:
        64 hexadecimal characters.
    """
    return hmac.new(secret.encode(), role.value.encode(), hashlib.sha256).hexdigest()
