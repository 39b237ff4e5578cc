// Keyboard and focus, where HTML alone does not do it: arrows between tabs, "/" to the search,
// the open invoice as a modal dialog, copying a number, or loading what goes on.
(() => {
  "use strict";
  let opener = ""; // the address of the row that opened the dialog: the list may be drawn anew meanwhile
  let left = null; // the dialog that was closed and what it showed: it is in the page until that has been drawn
  let returning = false; // from the close of a dialog until the next touch
  // What an opened invoice shows may lag behind the address, which is what the reader asked for last.
  const invoiceIn = (query) => new URLSearchParams(query).getAll("invoice").at(-1);
  const isAskedFor = ({ dataset: { invoice } }) => !invoice || invoice === invoiceIn(location.search);
  const isLeft = (dialog) => dialog === left?.dialog && dialog.dataset.invoice === left.invoice;
  const show = (dialog) => {
    if (dialog.open || isLeft(dialog) || !isAskedFor(dialog)) return;
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
    left = { dialog, invoice: dialog.dataset.invoice };
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
    if (left?.invoice === invoiceIn(row.search)) left = null;
  });
  for (const moved of ["keydown", "pointerdown", "click"]) {
    document.addEventListener(moved, () => { returning = false; }, true);
  }

  new MutationObserver(() => {
    document.querySelectorAll("dialog[data-drawer]").forEach(show);
    giveBack();
  }).observe(document.documentElement, { childList: true, subtree: true, attributeFilter: ["data-invoice"] });

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
