// The operator's pages, where HTML alone does not do it: menus that close, and a fresh link on the clipboard.
(() => {
  "use strict";
  const close = (except) =>
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (menu !== except) menu.open = false;
    });

  document.addEventListener("click", (event) => {
    const menu = event.target.closest?.("details[data-menu]");
    const chosen = menu && event.target.closest("a, button");
    // After the choice has been made: a menu that closes first would take its form away.
    setTimeout(() => close(chosen ? undefined : menu));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.querySelector("details[data-menu][open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  new MutationObserver(() => {
    document.querySelectorAll("[data-copy-now]:not([data-tried])").forEach(async (told) => {
      told.dataset.tried = "";
      try {
        await navigator.clipboard.writeText(told.dataset.copyNow);
        told.textContent = "Copied.";
      } catch {
        // No permission: the button and the field are there.
      }
    });
  }).observe(document.documentElement, { childList: true, subtree: true });
})();
