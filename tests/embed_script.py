"""The script that hosts load, under Node with a browser's few objects around it and a clock that the tests set."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from portal_app.build import ROOT

HARNESS = """
const { pathToFileURL } = require("url");
let now = 1_000_000, timers = [], count = 0, pending = null;
Date.now = performance.now = () => now;
globalThis.setTimeout = (run, pause = 0) => (timers.push({ id: ++count, at: now + pause, run }), count);
globalThis.clearTimeout = (id) => void (timers = timers.filter((timer) => timer.id !== id));
const settle = async () => { for (let i = 0; i < 5; i += 1) await new Promise(setImmediate); };
async function after(seconds) {
  const end = now + seconds * 1000;
  for (await settle(); ; await settle()) {
    const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at || a.id - b.id);
    if (!next) break;
    clearTimeout(next.id);
    now = next.at;
    next.run();
  }
  now = end;
}

class Element extends EventTarget {
  attributes = new Map();
  children = [];
  isConnected = false;
  style = {};
  hasAttribute(name) { return this.attributes.has(name); }
  getAttribute(name) { return this.attributes.get(name) ?? null; }
  setAttribute(name, value) { this.#change(name, String(value)); }
  removeAttribute(name) { this.#change(name, null); }
  #change(name, value) {
    const was = this.getAttribute(name);
    if (value === null) this.attributes.delete(name);
    else this.attributes.set(name, value);
    if (this.constructor.observedAttributes?.includes(name)) this.attributeChangedCallback(name, was, value);
  }
  append(child) {
    this.children.push(child);
    child.parent = this;
    child.isConnected = true;
    child.connectedCallback?.();
    if (child.contentWindow) setTimeout(() => child.load(), 1000);
  }
  remove() {
    this.parent.children = this.parent.children.filter((child) => child !== this);
    this.isConnected = false;
    this.disconnectedCallback?.();
  }
}
globalThis.HTMLElement = class extends Element {
  constructor() {
    super();
    if (!pending) return;
    Object.setPrototypeOf(pending, new.target.prototype);
    return pending;
  }
};
const said = [], heard = [], listeners = new Set(), classes = new Map();
globalThis.window = globalThis;
globalThis.addEventListener = (name, run) => listeners.add(run);
globalThis.removeEventListener = (name, run) => listeners.delete(run);
globalThis.location = { origin: "https://app.example" };
globalThis.customElements = { get: (name) => classes.get(name), define: (name, made) => classes.set(name, made) };
globalThis.document = {
  createElement(name) {
    if (classes.has(name)) return new (classes.get(name))();
    const element = new Element();
    if (name === "iframe") makeFrame(element);
    return element;
  },
};
let silent = false; // what loads is a page of the browser's
const makeFrame = (element) => {
  let src = "";
  element.contentWindow = { postMessage: (word, to) => said.push([word, to]) };
  element.load = () => {
    if (!element.isConnected) return;
    element.dispatchEvent(new Event("load"));
    if (!silent) setTimeout(() => element.isConnected && hear({ type: "loaded" }), 1000);
  };
  Object.defineProperty(element, "src", {
    configurable: true,
    get: () => src,
    set: (link) => {
      src = link;
      if (element.isConnected) setTimeout(element.load, 1000);
    },
  });
};
const body = new Element();
const frame = () => portal.children[0];
const hear = (word, more) => {
  const data = { source: "customer-portal", version: 1, ...word };
  const event = { source: frame().contentWindow, origin: "https://billing.example", data, ...more };
  for (const run of [...listeners]) run(event);
};
const expiring = () => hear({ type: "session-expiring", expires_at: "2026-01-01T00:00:00.000Z", seconds: 20 });
const expired = (reason = "expired") => hear({ type: "session-expired", reason });
const link = (token, path = "/") => `https://billing.example${path}?token=${token}.b.c`;
const listen = () => {
  for (const type of ["ready", "resized", "navigated", "session-expiring", "session-expired", "error"]) {
    portal.addEventListener(type, ({ detail }) => heard.push([type, detail]));
  }
};
// An element that was in the page, with what the host had given it, before the script was there.
const upgrade = (given) => {
  pending = Object.assign(new Element(), given);
  pending.isConnected = true;
  portal = new (classes.get("customer-portal"))();
  pending = null;
  listen();
  portal.connectedCallback();
};
let portal, mountPortal, asked = 0, answer = () => link(`a${asked}`);
const getSession = () => ((asked += 1), answer());
globalThis.fetch = async () => ((asked += 1), answer());
const mount = (options) => {
  portal = mountPortal(body, { getSession, ...options });
  listen();
};
const renewed = () => said.filter(([word]) => word.type === "renew").map(([word]) => word.token);
(async () => {
  ({ mountPortal } = await import(pathToFileURL(process.argv[1])));
  const told = await eval(`(async () => { ${process.argv[2]} })()`);
  console.log(JSON.stringify({ asked, said, heard, renewed: renewed(), src: frame()?.src ?? null, told }));
})();
"""


def run(scenario: str) -> Any:
    """Run the script, then what a host and its portal do."""
    node = Path(sys.executable).parent / "node"
    ran = subprocess.run(
        [node, "-e", HARNESS, str(ROOT / "assets/embed.js"), scenario], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def codes(ran) -> list[str]:
    return [detail["code"] for kind, detail in ran["heard"] if kind == "error"]
