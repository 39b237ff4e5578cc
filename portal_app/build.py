"""Compile the pages once, and again only when what they are made of has changed."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal_app.settings import Settings

ROOT = Path(__file__).parent.parent
SOURCES = (
    "portal_app/ui",
    "portal_app/access",
    "portal_app/billing",
    "portal_app/imports",
    "portal_app/queries",
    "portal_app/errors.py",
    "portal_app/labels.py",
    "portal_app/portal_app.py",
    "portal_app/texts.py",
    "assets",
    "rxconfig.py",
    "requirements.txt",
    "reflex.lock",
)
"""What compiled pages are made of. A label or a tab's state is in the page; an answer's content is not."""


class BuildFailed(RuntimeError):
    """The pages could not be compiled; the compiler's own words were printed."""


def web_dir() -> Path:
    """Return the folder Reflex compiles into."""
    return ROOT / os.environ.get("REFLEX_WEB_WORKDIR", ".web")


def build_pages(settings: Settings) -> Path:
    """Compile the pages unless they are current, and return the folder they are in.

    Processes that start together compile once: the others wait for the first.

    Raises:
        BuildFailed: the compiler failed.
    """
    with _alone():
        return _build_pages(settings)


def _build_pages(settings: Settings) -> Path:
    pages, stamp, wanted = web_dir() / "build" / "client", web_dir() / "build.stamp", digest(settings)
    if stamp.exists() and stamp.read_text() == wanted and (pages / "index.html").exists():
        return pages
    stamp.unlink(missing_ok=True)
    shutil.rmtree(web_dir() / "build", ignore_errors=True)
    environment = os.environ | {
        # The port is a placeholder: ui/same_origin.py makes the page follow its own address.
        "REFLEX_API_URL": "http://localhost:3000",
        "REFLEX_ENV_MODE": "prod",
        # Lock files name no download addresses.
        "NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED": "true",
    }
    export = [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip", "--env", "prod"]
    failed = subprocess.run(export, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 (our own words)
    if failed or not (pages / "index.html").exists():
        raise BuildFailed
    stamp.write_text(wanted)
    return pages


@contextmanager
def _alone() -> Iterator[None]:
    # This file is the lock: the compiler makes the folders it writes, and all of them share reflex.lock.
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest(settings: Settings) -> str:
    """Return what a build depends on, as one hash: the sources of the pages and the surfaces it has."""
    hashed = hashlib.sha256(" ".join(settings.surfaces).encode())
    for source in SOURCES:
        path = ROOT / source
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                hashed.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return hashed.hexdigest()
