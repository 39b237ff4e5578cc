// Runs before anything else on the page: takes the token out of the address, keeps it for this tab
// alone, and lets the page work where the browser blocks storage (a cross-site iframe) or has no room.
// What the address says of the page's looks, and which page frames it, is kept for the tab, too.
(() => {
  "use strict";
  const framed = window.self !== window.top;

  function storageOf(name) {
    try {
      window[name].setItem("portal_probe", "");
      window[name].removeItem("portal_probe");
      return window[name];
    } catch {
      return null;
    }
  }

  /** Puts memory in the place of a storage, but for the keys for which `storageFor` returns one. */
  function keepInMemory(name, storageFor) {
    const kept = new Map();
    Object.defineProperty(window, name, {
      value: {
        getItem: (key) => storageFor(key)?.getItem(key) ?? kept.get(key) ?? null,
        setItem(key, value) {
          const storage = storageFor(key);
          if (storage) storage.setItem(key, value);
          else kept.set(key, String(value));
        },
        removeItem: (key) => void (storageFor(key)?.removeItem(key), kept.delete(key)),
        clear: () => kept.clear(),
        key: (index) => [...kept.keys()][index] ?? null,
        get length() {
          return kept.size;
        },
      },
    });
  }

  // Frames of one page share the tab's storage: the token of one must not be another's. They may share when the page's
  // script last reloaded by itself, or it would without end, and who frames them, or nobody could be asked after that.
  const ofFrames = new Set(["reflex_last_reloaded_on_error", "portal_host"]);
  const session = storageOf("sessionStorage");
  if (framed || !session) keepInMemory("sessionStorage", (key) => (ofFrames.has(key) ? session : null));
  if (!storageOf("localStorage")) keepInMemory("localStorage", () => null);

  const url = new URL(location.href);
  const inHash = new URLSearchParams(url.hash.slice(1));
  const token = url.searchParams.get("token") ?? inHash.get("token");
  const host = url.searchParams.get("host");
  if (token !== null || host !== null) {
    url.searchParams.delete("token");
    url.searchParams.delete("host");
    if (inHash.has("token")) url.hash = "";
    history.replaceState(history.state, "", url);
  }
  if (host !== null) sessionStorage.setItem("portal_host", host.slice(0, 255));
  if (token !== null) {
    if (token !== sessionStorage.getItem("portal_token")) {
      // Another customer's page must not find this tab's earlier state.
      sessionStorage.removeItem("token");
      sessionStorage.removeItem("portal_locale");
    }
    sessionStorage.setItem("portal_token", token);
  }

  const locale = url.searchParams.get("locale");
  if (locale !== null) sessionStorage.setItem("portal_locale", locale.slice(0, 20));
  const theme = url.searchParams.get("theme");
  if (theme === "light" || theme === "dark" || theme === "system") localStorage.setItem("theme", theme);
  else if (window.portalTheme && !location.pathname.startsWith("/operator")) {
    // What the operator wants, until the reader chooses; another wish takes the place of the one before.
    const chosen = localStorage.getItem("theme");
    if (chosen === null || chosen === (localStorage.getItem("portal_theme") ?? "system")) localStorage.setItem("theme", window.portalTheme);
    localStorage.setItem("portal_theme", window.portalTheme);
  }
  const header = url.searchParams.get("header");
  if (header !== null) sessionStorage.setItem("portal_header", header === "0" ? "0" : "1");
  if (sessionStorage.getItem("portal_header") === "0") document.documentElement.classList.add("no-header");
  if (framed) document.documentElement.classList.add("embedded");
})();
