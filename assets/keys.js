// Keyboard and focus, where HTML alone does not do it: arrows between tabs, "/" to the search,
// the open invoice as a modal dialog, copying a number, or loading what goes on.
(() => {
  "use strict";
  const show = (dialog) => {
    if (dialog.open) return;
    dialog.showModal();
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      leave(dialog);
    });
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) leave(dialog);
    });
  };
  const leave = (dialog) => {
    dialog.close(); // gives the focus back to what opened it
    dialog.querySelector("[data-close]")?.click();
  };

  new MutationObserver(() => {
    document.querySelectorAll("dialog[data-drawer]").forEach(show);
  }).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const field = document.querySelector("[data-search]");
      if (field) {
        event.preventDefault();
        field.focus();
        field.select();
      }
    }
    const tabs = event.target.closest?.("[data-tabs]");
    if (tabs) {
      const links = [...tabs.querySelectorAll("a")];
      const at = links.indexOf(event.target);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: links.length - 1 }[event.key];
      if (to !== undefined && at >= 0) {
        event.preventDefault();
        links[(to + links.length) % links.length].focus();
      }
    }
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest?.(".skip")) return;
    event.preventDefault(); // the address stays as it is
    document.getElementById("main")?.focus();
  });

  // Usage goes on: a page that somebody looks at asks again, every minute and when it comes back into view.
  const refresh = () => document.hidden || document.querySelector("[data-refresh]")?.click();
  setInterval(refresh, 60_000);
  document.addEventListener("visibilitychange", refresh);

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.classList.add("done");
      setTimeout(() => button.classList.remove("done"), 1500);
    } catch {
      // No permission (an iframe without clipboard-write): the number stays selectable.
    }
  });
})();
