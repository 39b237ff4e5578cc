// A session's end, as the page itself keeps it, and the few words it exchanges with a page that frames it:
// docs/embedding.md says which. Words go to and come from that page's exact origin alone.
(() => {
  "use strict";
  const MINUTE = 60_000;
  const EXPIRING = 2 * MINUTE; // or the last third of what is left at the beginning, or a short session would always be told
  const TOKEN = /^[\w-]{1,200}\.[\w-]{1,800}\.[\w-]{1,100}$/;
  const root = document.documentElement;
  const framed = window.parent !== window;
  const host = framed ? exactOrigin(location.ancestorOrigins?.[0] ?? sessionStorage.getItem("portal_host")) : null;

  let term = "", ends = Infinity, lead = EXPIRING, refused = "0", status = "", address = "", height = 0;
  let said = false, asked = 0, greeted = false, fresh = null, pressed = true, seen = null;

  window.portalToken = () => fresh ?? sessionStorage.getItem("portal_token") ?? "";

  function exactOrigin(text) {
    try {
      return new URL(text).origin === text ? text : null;
    } catch {
      return null;
    }
  }

  function tell(type, more) {
    if (host) window.parent.postMessage({ source: "customer-portal", version: 1, type, ...more }, host);
  }

  const press = (name) => document.querySelector(`#session [data-${name}]`)?.click();
  const where = () => ({ tab: location.pathname.split("/")[1] || "overview", path: location.pathname + location.search });

  function look() {
    const mark = document.getElementById("session");
    if (!mark) return;
    if (mark.dataset.term !== term) begin(mark.dataset.term);
    if (mark.dataset.refused !== refused) {
      refused = mark.dataset.refused;
      if (fresh !== null) tell("error", { code: "renewal-refused" });
      fresh = null;
    }
    if (mark.dataset.status !== status) turn(mark.dataset.status);
    if (!pressed && status !== "loading") {
      pressed = true;
      press("renew");
    }
    countDown();
    measure();
    const here = where();
    if (here.path !== address) {
      if (address) tell("navigated", here);
      address = here.path;
    }
  }

  function begin(marked) {
    term = marked;
    const [end, now] = term.split("/").map(Number);
    ends = term ? Date.now() + end - now : Infinity;
    lead = Math.min(EXPIRING, (ends - Date.now()) / 3);
    said = false;
    asked = 0;
    root.classList.remove("over");
    fresh = null;
    if (term && status === "open") ready();
  }

  function ready() {
    tell("ready", { ...where(), expires_at: new Date(ends).toISOString() });
  }

  function turn(now) {
    status = now;
    if (now === "loading") return;
    if (now === "open") return ready();
    root.classList.remove("over");
    if (pressed) fresh = null;
    if (now === "unavailable" || now === "crowded") tell("error", { code: now });
    else tell("session-expired", { reason: now });
  }

  function countDown() {
    const left = ends - Date.now();
    const isOpen = status === "open";
    const banner = document.getElementById("countdown");
    // A host that renews by itself is asked first; only what it leaves unanswered is the reader's to know.
    const from = greeted ? lead * 0.75 : 5 * MINUTE;
    if (banner) {
      banner.hidden = !(isOpen && left <= from && left > 0);
      const seconds = Math.max(0, Math.ceil(left / 1000));
      banner.querySelector("[data-left]").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    }
    if (isOpen && left <= lead && left > 0 && !said) {
      said = true;
      tell("session-expiring", { expires_at: new Date(ends).toISOString(), seconds: Math.round(left / 1000) });
    }
    if (isOpen && left <= 0) {
      root.classList.add("over"); // a laptop that wakes up shows nothing of what it slept on
      if (Date.now() - asked > 5000) {
        asked = Date.now();
        press("confirm");
      }
    }
  }

  function measure() {
    if (!framed) return;
    const page = document.querySelector(".portal");
    if (page !== seen) {
      sizes.disconnect();
      if (page) sizes.observe(page);
      seen = page;
    }
    if (!page) return;
    const drawer = document.querySelector("dialog[open]");
    const now = Math.ceil(Math.max(page.getBoundingClientRect().height, drawer ? drawer.scrollHeight : 0));
    if (now !== height) {
      height = now;
      tell("resized", { height });
    }
  }

  let waiting = false;
  function soon() {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      look();
    }, 30);
  }
  const sizes = new ResizeObserver(soon);

  window.addEventListener("message", (event) => {
    if (!host || event.source !== window.parent || event.origin !== host) return;
    const word = event.data;
    if (typeof word !== "object" || word === null || word.source !== "customer-portal-host" || word.version !== 1) return;
    if (word.type === "hello" && Object.keys(word).length === 3) {
      greeted = true;
      height = 0;
      if (status) turn(status);
      look();
    } else if (word.type === "renew" && Object.keys(word).length === 4 && typeof word.token === "string" && TOKEN.test(word.token)) {
      fresh = word.token;
      pressed = false;
      look();
    }
  });

  new MutationObserver(soon).observe(root, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["data-term", "data-status", "data-refused", "open"],
  });
  setInterval(look, 1000);
  for (const name of ["focus", "pageshow", "online"]) window.addEventListener(name, look);
  document.addEventListener("visibilitychange", look);
})();
