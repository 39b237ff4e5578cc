// Runs before anything else on the page: takes the token out of the address, keeps it for this tab
// alone, and lets the page work where the browser blocks storage (a cross-site iframe) or has no room.
// What the address says of the page's looks, and which page frames it, is kept for the tab, too.
(() => {
  "use strict";
  for (const name of ["sessionStorage", "localStorage"]) {
    try {
      window[name].setItem("portal_probe", "");
      window[name].removeItem("portal_probe");
    } catch {
      const kept = new Map();
      Object.defineProperty(window, name, {
        value: {
          getItem: (key) => (kept.has(key) ? kept.get(key) : null),
          setItem: (key, value) => void kept.set(key, String(value)),
          removeItem: (key) => void kept.delete(key),
          clear: () => kept.clear(),
          key: (index) => [...kept.keys()][index] ?? null,
          get length() {
            return kept.size;
          },
        },
      });
    }
  }

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
  if (window.self !== window.top) document.documentElement.classList.add("embedded");
})();
