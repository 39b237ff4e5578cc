// Puts the customer portal into a page: <customer-portal> and mountPortal(). docs/embedding.md tells how.
// It speaks to the frame's exact origin alone, and listens to nobody else.
const WORDS = {
  ready: { tab: "string", path: "string", expires_at: "string" },
  resized: { height: "number" },
  navigated: { tab: "string", path: "string" },
  "session-expiring": { expires_at: "string", seconds: "number" },
  "session-expired": { reason: "string" },
  error: { code: "string" },
};
const TABS = ["overview", "credits", "invoices", "usage"];
const LOOKS = ["theme", "locale", "range"];
const LEAST_HEIGHT = 200;
const PAUSE = 10_000; // milliseconds between two askings that the frame alone wanted
const TRIES = 5; // each after twice the pause

class CustomerPortal extends HTMLElement {
  static observedAttributes = ["src", "token-endpoint", "tab", "hide-header", ...LOOKS];
  #getSession = null;
  #frame = null;
  #origin = "";
  #path = "/"; // where the page was last
  #isLost = false; // the page was reloaded, without its token and its looks
  #session = null; // the newest that was taken
  #asking = null; // until the host has answered
  #turn = 0; // an answer after a newer session, or the end of the element, is dropped
  #askedAt = -PAUSE;
  #failed = 0;
  #timer = 0;
  #silence = 0; // until what has loaded says something
  #hear = (event) => this.#heard(event);

  constructor() {
    super();
    if (!Object.hasOwn(this, "getSession")) return;
    this.#getSession = this.getSession; // the page said it before this script was there
    delete this.getSession;
  }

  /** Asks the host for a session: a function that returns a minted link, its answer, or a promise of either. */
  get getSession() {
    return this.#getSession;
  }

  set getSession(ask) {
    const could = this.#canAsk;
    this.#getSession = ask;
    if (!could) this.#mayAsk();
  }

  connectedCallback() {
    window.addEventListener("message", this.#hear);
    const src = this.getAttribute("src");
    this.renew(src && (this.#session ?? src));
  }

  disconnectedCallback() {
    window.removeEventListener("message", this.#hear);
    this.#drop();
    clearTimeout(this.#silence);
    this.#frame?.remove();
    this.#frame = null;
    if (!this.#session) return; // if the element is moved, it goes on:
    this.#isLost = true;
    this.#session = { url: this.#origin + this.#path, token: tokenOf(this.#session) };
  }

  attributeChangedCallback(name, was, is) {
    if (name === "src" && !this.isConnected) this.#session = null;
    if (!this.isConnected || !this.#turn || was === is) return; // what is there when the element comes is read then
    if (name === "src") return void (is && this.renew(is));
    if (name === "token-endpoint") return void (was === null && !this.getSession && this.#mayAsk());
    if (!this.#frame || (name === "tab" && !TABS.includes(is))) return;
    const url = new URL(this.#origin + this.#path);
    if (name === "tab" && url.pathname === pathOf(is)) return; // the host follows its reader
    if (name === "tab") url.search = "";
    url.searchParams.delete(name === "hide-header" ? "header" : name);
    this.#path = (name === "tab" ? pathOf(is) : url.pathname) + url.search;
    this.#isLost = true; // looks are the address's: the page is loaded anew
    this.#take(this.#session);
  }

  /** Goes on with a fresh session; without one, asks the host for it. Tab, range, search, page and scroll stay. */
  async renew(session) {
    if (!session) return (this.#asking ??= this.#ask());
    this.#drop();
    try {
      this.#take(session);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #ask() {
    const turn = this.#drop();
    this.#askedAt = performance.now();
    try {
      await null; // the host may do anything while it is asked, and say now whom to ask
      const session = turn === this.#turn && (await this.#answer());
      if (turn !== this.#turn) return;
      this.#asking = null;
      this.#take(session);
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#asking = null;
      if (this.#fail(error) && this.#canAsk && turn === this.#turn) this.#askLater();
    }
  }

  /** Asks because of what the frame said: a host whose sessions are short, or kept, would be asked without end. */
  #askSoon() {
    if (this.#asking) return;
    this.#failed = 0;
    this.#askIn(Math.max(0, this.#askedAt + PAUSE - performance.now()));
  }

  #askLater() {
    if (this.#failed < TRIES) this.#askIn(PAUSE * 2 ** this.#failed++);
  }

  #askIn(pause) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.renew(), pause);
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#asking = null;
    return (this.#turn += 1);
  }

  async #answer() {
    if (this.getSession) return this.getSession();
    const endpoint = this.getAttribute("token-endpoint");
    if (!endpoint && this.#isLost) return this.#session;
    if (!endpoint) throw new Error("there is no session to show: set src, token-endpoint or getSession");
    const answer = await fetch(endpoint, { method: "POST", credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(`${endpoint} answered ${answer.status}`);
    return answer.json();
  }

  get #canAsk() {
    return Boolean(this.getSession) || this.hasAttribute("token-endpoint");
  }

  /** Somebody can be asked now: where nothing is open, that is done, and a page that is open is told. */
  #mayAsk() {
    if (this.#frame) this.#greet();
    else if (this.#canAsk && this.isConnected) this.#asking = this.#ask();
  }

  /** Says that there is somebody who renews: the page then bothers its reader later with the end. */
  #greet() {
    if (this.#canAsk) this.#say({ type: "hello" });
  }

  /** Presents a session to the page that is open, which keeps everything; where none is, opens one. */
  #take(session) {
    if (!this.#frame) this.#open(session);
    else if (this.#isLost) this.#load(new URL(this.#origin + this.#path), tokenOf(session), session);
    else this.#say({ type: "renew", token: tokenOf(session) });
    this.#session = session;
  }

  #open(session) {
    if (!this.isConnected) throw new Error("the element is in no page");
    const url = new URL(linkOf(session));
    // A frame at `javascript:` would run in the page around it.
    if (!/^https?:$/.test(url.protocol)) throw new Error("the session's link is no web address");
    const tab = this.getAttribute("tab");
    if (TABS.includes(tab)) url.pathname = pathOf(tab);
    const token = session.token ?? url.searchParams.get("token");
    url.searchParams.delete("token");
    this.#origin = url.origin;
    this.#path = url.pathname + url.search;
    this.#frame = document.createElement("iframe");
    this.#frame.title = this.getAttribute("label") || "Billing";
    this.#frame.allow = "clipboard-write";
    this.#frame.referrerPolicy = "no-referrer";
    this.#frame.style.cssText = `display:block;width:100%;border:0;height:${LEAST_HEIGHT}px`;
    if (this.hasAttribute("sandbox")) {
      this.#frame.sandbox = this.getAttribute("sandbox") || "allow-scripts allow-same-origin allow-downloads";
    }
    this.#frame.addEventListener("load", () => {
      this.#greet();
      clearTimeout(this.#silence);
      this.#silence = setTimeout(() => this.#miss(), PAUSE);
    });
    this.#load(url, token, session);
    this.append(this.#frame);
  }

  /** Loads the page with its looks, and the token behind the hash, where no server sees it. */
  #load(url, token, session) {
    this.#isLost = false;
    if (token) url.hash = `token=${token}`;
    for (const name of LOOKS) {
      const isChosen = name === "range" && url.searchParams.has(name);
      if (this.hasAttribute(name) && !isChosen) url.searchParams.set(name, this.getAttribute(name));
    }
    if (this.hasAttribute("hide-header")) url.searchParams.set("header", "0");
    url.searchParams.set("host", location.origin);
    const late = () => this.#session !== session && this.#take(this.#session); // while it loaded, nobody heard
    this.#frame.addEventListener("load", late, { once: true });
    this.#frame.src = url.href;
  }

  #say(word) {
    this.#frame?.contentWindow?.postMessage({ source: "customer-portal-host", version: 1, ...word }, this.#origin);
  }

  #heard(event) {
    if (!this.#frame || event.source !== this.#frame.contentWindow || event.origin !== this.#origin) return;
    clearTimeout(this.#silence);
    const word = event.data;
    if (typeof word !== "object" || word === null || word.source !== "customer-portal" || word.version !== 1) return;
    const { source: _source, version: _version, type, ...detail } = word;
    if (!isWord(type, detail)) return;
    if (type === "resized") this.#frame.style.height = `${Math.max(detail.height, LEAST_HEIGHT)}px`;
    if (type === "session-expired" || (type === "ready" && this.#isLost)) clearTimeout(this.#timer);
    if (detail.path?.startsWith("/")) this.#path = detail.path;
    const reason = type === "session-expired" && detail.reason;
    if (reason === "missing") this.#isLost = true; // what is presented may be expired or invalid, but never missing
    if (type === "ready") [this.#isLost, this.#failed] = [false, 0];
    const ends = type === "session-expiring" || reason === "expired";
    if (this.#relay(type, detail) && (reason === "missing" || (ends && this.#canAsk))) this.#askSoon();
  }

  /** What has loaded is a page of the browser's about an error, which hears nothing. */
  #miss() {
    this.#isLost = true;
    if (this.#relay("error", { code: "unavailable" })) this.#askLater();
  }

  /** Tells the host, and whether it lets the element try again. */
  #fail(error) {
    const code = this.#frame ? "renewal-failed" : "session-unavailable";
    return this.#relay("error", { code, message: String(error?.message ?? error) });
  }

  #relay(type, detail) {
    return this.dispatchEvent(new CustomEvent(type, { detail, cancelable: true }));
  }
}

function isWord(type, detail) {
  if (typeof type !== "string" || !Object.hasOwn(WORDS, type)) return false;
  const fields = Object.entries(WORDS[type]);
  const isSound = ([name, kind]) => typeof detail[name] === kind && (kind === "string" || Number.isSafeInteger(detail[name]));
  return Object.keys(detail).length === fields.length && fields.every(isSound) && !(detail.height < 0);
}

function pathOf(tab) {
  return tab === "overview" ? "/" : `/${tab}`;
}

function linkOf(session) {
  const link = typeof session === "string" ? session : session?.url;
  if (!link) throw new Error("the host gave no link");
  return link;
}

function tokenOf(session) {
  if (session?.token) return session.token;
  const link = linkOf(session);
  if (!link.includes("/")) return link;
  const url = new URL(link);
  const token = url.searchParams.get("token") ?? new URLSearchParams(url.hash.slice(1)).get("token");
  if (!token) throw new Error("the host's link has no token");
  return token;
}

if (!customElements.get("customer-portal")) customElements.define("customer-portal", CustomerPortal);

/** Puts the portal into an element, or the first one that a selector finds, and returns what was put there. */
export function mountPortal(target, options = {}) {
  const place = typeof target === "string" ? document.querySelector(target) : target;
  if (!place) throw new Error(`there is no ${target} on this page`);
  const portal = document.createElement("customer-portal");
  const { tokenEndpoint, hideHeader, sandbox, getSession, on = {} } = options;
  const attributes = { ...options, "token-endpoint": tokenEndpoint };
  for (const name of ["src", "token-endpoint", "tab", "label", ...LOOKS]) {
    if (attributes[name]) portal.setAttribute(name, attributes[name]);
  }
  if (hideHeader) portal.setAttribute("hide-header", "");
  if (sandbox !== undefined && sandbox !== false) portal.setAttribute("sandbox", sandbox === true ? "" : sandbox);
  portal.getSession = getSession ?? null;
  for (const [type, listener] of Object.entries(on)) portal.addEventListener(type, listener);
  place.append(portal);
  return portal;
}
