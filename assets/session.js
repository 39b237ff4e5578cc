// A session's end, as the page itself keeps it, and the few words it exchanges with a page that frames it:
// docs/embedding.md says which. Words go to and come from that page's exact origin alone.
(() => {
  "use strict";
  const SECOND = 1000, MINUTE = 60 * SECOND;
  const EXPIRING = 2 * MINUTE;
  const PAUSES = [5 * SECOND, MINUTE]; // the first between two questions to a server that does not answer, and the longest
  const TOKEN = /^[\w-]{1,200}\.[\w-]{1,800}\.[\w-]{1,100}$/;
  const root = document.documentElement;
  const framed = window.parent !== window;
  const host = framed ? exactOrigin(location.ancestorOrigins?.[0] ?? sessionStorage.getItem("portal_host")) : null;

  const last = { term: "", refused: "0", status: "", path: "", height: 0, page: null }; // as it was last looked at
  let ends = Infinity, lead = EXPIRING, isToldOfEnd = false; // by this device's clock; how long before, the host is told
  let askAt = 0, pause = PAUSES[0]; // when the server may be asked whether the session is over
  let fresh = null, isPresented = true; // the token that the host gave, until the page has taken or refused it
  let isGreeted = false, isWaiting = false;

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

  // The order matters: `ready` tells the end that `begin` has found, a page that has just opened is presented the token that
  // came meanwhile, and what counts down knows both.
  function look() {
    const mark = document.getElementById("session");
    if (!mark) return;
    const { term, refused, status } = mark.dataset;
    if (term !== last.term) begin(term);
    if (refused !== last.refused) refuse(refused);
    if (status !== last.status) turn(status);
    present();
    countDown();
    measure();
    notice();
  }

  /** Takes a session's end beside the server's present: how long is left does not depend on this device's clock. */
  function begin(term) {
    last.term = term;
    const [end, now] = term.split("/").map(Number);
    const left = term ? end - now : Infinity;
    ends = Date.now() + left;
    lead = Math.min(EXPIRING, left / 3); // a short session would always be about to end
    isToldOfEnd = false;
    if (left > 0) [askAt, pause] = [0, PAUSES[0]];
    if (isPresented) fresh = null;
    if (term && last.status === "open") ready();
  }

  function refuse(refused) {
    last.refused = refused;
    if (fresh !== null) tell("error", { code: "renewal-refused" });
    fresh = null;
  }

  function turn(status) {
    last.status = status;
    if (status === "loading") return;
    if (status === "open") return ready();
    if (isPresented) fresh = null;
    if (status === "unavailable" || status === "crowded") tell("error", { code: status });
    else tell("session-expired", { reason: status });
  }

  function ready() {
    tell("ready", { ...where(), expires_at: new Date(ends).toISOString() });
  }

  function present() {
    if (isPresented || last.status === "loading") return;
    isPresented = true;
    press("renew");
  }

  function countDown() {
    const left = last.status === "open" ? ends - Date.now() : Infinity;
    const isOver = left <= 0;
    const banner = document.getElementById("countdown");
    // A host that renews by itself is asked first; only what it leaves unanswered is the reader's to know.
    const from = isGreeted ? lead * 0.75 : 5 * MINUTE;
    if (banner) {
      banner.hidden = left > from || isOver;
      if (!banner.hidden) banner.querySelector("[data-left]").textContent = clock(left);
    }
    if (left <= lead && !isOver && !isToldOfEnd) {
      isToldOfEnd = true;
      tell("session-expiring", { expires_at: new Date(ends).toISOString(), seconds: Math.round(left / SECOND) });
    }
    root.classList.toggle("over", isOver); // a laptop that wakes up shows nothing of what it slept on
    if (isOver && Date.now() >= askAt) {
      askAt = Date.now() + pause;
      pause = Math.min(2 * pause, PAUSES[1]);
      press("confirm"); // if it was the clock that was wrong, a term comes that is not over
    }
  }

  function clock(left) {
    const seconds = Math.ceil(left / SECOND);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }

  function measure() {
    if (!framed) return;
    const page = document.querySelector(".portal");
    if (page !== last.page) {
      sizes.disconnect();
      if (page) sizes.observe(page);
      last.page = page;
    }
    if (!page) return;
    const drawer = document.querySelector("dialog[open]");
    const height = Math.ceil(Math.max(page.getBoundingClientRect().height, drawer ? drawer.scrollHeight : 0));
    if (height !== last.height) tell("resized", { height });
    last.height = height;
  }

  function notice() {
    const here = where();
    if (last.path && here.path !== last.path) tell("navigated", here);
    last.path = here.path;
  }

  function soon() {
    if (isWaiting) return;
    isWaiting = true;
    setTimeout(() => {
      isWaiting = false;
      look();
    }, 30);
  }
  const sizes = new ResizeObserver(soon);

  window.addEventListener("message", (event) => {
    if (!host || event.source !== window.parent || event.origin !== host) return;
    const word = event.data;
    if (typeof word !== "object" || word === null || word.source !== "customer-portal-host" || word.version !== 1) return;
    if (word.type === "hello" && Object.keys(word).length === 3) {
      isGreeted = true;
      last.height = 0;
      if (last.status) turn(last.status);
      look();
    } else if (word.type === "renew" && Object.keys(word).length === 4 && typeof word.token === "string" && TOKEN.test(word.token)) {
      fresh = word.token;
      isPresented = false;
      look();
    }
  });

  new MutationObserver(soon).observe(root, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["data-term", "data-status", "data-refused", "open"],
  });
  // So that the page around this one knows that it is none of the browser's about an error; a little after it is told the same.
  window.addEventListener("load", () => setTimeout(tell, SECOND, "loaded"));
  setInterval(look, 1000);
  for (const name of ["focus", "pageshow", "online"]) window.addEventListener(name, look);
  document.addEventListener("visibilitychange", look);
})();
