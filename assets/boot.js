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

  function memory() {
    const kept = new Map();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, String(value)),
      removeItem: (key) => void kept.delete(key),
      clear: () => kept.clear(),
      key: (index) => [...kept.keys()][index] ?? null,
      get length() {
        return kept.size;
      },
    };
  }

  /** What looks like `storage`, but keeps in `other` what `isOther` tells of its keys. */
  function divided(storage, other, isOther) {
    const of = (key) => (isOther(key) ? other : storage);
    return {
      getItem: (key) => of(key).getItem(key),
      setItem: (key, value) => of(key).setItem(key, value),
      removeItem: (key) => of(key).removeItem(key),
      clear: () => storage.clear(),
      key: (index) => storage.key(index),
      get length() {
        return storage.length;
      },
    };
  }

  const put = (name, value) => (Object.defineProperty(window, name, { value }), value);

  // Frames of one page share the tab's storage: the token of one must not be another's. They may share when the page's
  // script last reloaded by itself, or it would without end, and who frames them, or nobody could be asked after that.
  const ofFrames = new Set(["reflex_last_reloaded_on_error", "portal_host"]);
  let session = storageOf("sessionStorage");
  if (!session) session = put("sessionStorage", memory());
  else if (framed) session = put("sessionStorage", divided(memory(), session, (key) => ofFrames.has(key)));
  const kept = storageOf("localStorage");
  const local = kept ?? memory();

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
  if (host !== null) session.setItem("portal_host", host.slice(0, 255));
  if (token !== null) {
    if (token !== session.getItem("portal_token")) {
      // Another customer's page must not find this tab's earlier state.
      session.removeItem("token");
      session.removeItem("portal_locale");
    }
    session.setItem("portal_token", token);
  }

  const locale = url.searchParams.get("locale");
  if (locale !== null) session.setItem("portal_locale", locale.slice(0, 20));
  const theme = url.searchParams.get("theme");
  if (theme === "light" || theme === "dark" || theme === "system") session.setItem("portal_tab_theme", theme);
  if (session.getItem("portal_tab_theme") !== null) {
    // The tab's theme goes before the reader's, which stays what it was until the reader chooses here.
    const ofTab = {
      getItem: (key) => session.getItem("portal_tab_theme") ?? local.getItem(key),
      setItem(key, value) {
        if (value === session.getItem("portal_tab_theme")) return; // the page writes down what it has read
        session.removeItem("portal_tab_theme");
        local.setItem(key, value);
      },
      removeItem: (key) => local.removeItem(key),
    };
    put("localStorage", divided(local, ofTab, (key) => key === "theme"));
  } else {
    if (!kept) put("localStorage", local);
    if (window.portalTheme && !location.pathname.startsWith("/operator")) {
      // What the operator wants, until the reader chooses; another wish takes the place of the one before.
      const chosen = local.getItem("theme");
      if (chosen === null || chosen === (local.getItem("portal_theme") ?? "system")) local.setItem("theme", window.portalTheme);
      local.setItem("portal_theme", window.portalTheme);
    }
  }
  const header = url.searchParams.get("header");
  if (header !== null) session.setItem("portal_header", header === "0" ? "0" : "1");
  if (session.getItem("portal_header") === "0") document.documentElement.classList.add("no-header");
  if (framed) document.documentElement.classList.add("embedded");
})();
