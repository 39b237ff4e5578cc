// Keyboard and focus, where HTML alone does not do it: arrows between tabs, "/" to the search,
// the open invoice as a modal dialog, copying a number, or loading what goes on.
(() => {
  "use strict";
  let opener = ""; // the address of the row that opened the dialog: the list may be drawn anew meanwhile
  let left = null; // the dialog that was closed, and is in the page until that has been drawn
  let returning = false; // from the close of a dialog until the next touch: what appears meanwhile is what was closed
  const show = (dialog) => {
    if (dialog.open || dialog === left || returning) return;
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
    left = dialog;
    dialog.close(); // gives the focus back to what opened it, if that is still there
    dialog.querySelector("[data-close]")?.click();
    returning = true;
    giveBack();
    setTimeout(giveBack, 300); // what had the focus may go without anything else being drawn
  };
  const giveBack = () => {
    if (!returning || document.activeElement !== document.body) return;
    if (opener) document.querySelector(`[data-opener][href="${CSS.escape(opener)}"]`)?.focus();
  };
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("[data-opener]");
    if (!row) return;
    opener = row.getAttribute("href");
    left = null;
  });
  for (const moved of ["keydown", "pointerdown", "click"]) {
    document.addEventListener(moved, () => { returning = false; }, true);
  }

  new MutationObserver(() => {
    document.querySelectorAll("dialog[data-drawer]").forEach(show);
    giveBack();
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
