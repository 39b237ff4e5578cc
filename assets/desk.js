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

  // One request each, so that each is kept as it comes; the first that is refused ends it.
  async function sendAll(path, files, tell) {
    const begun = await fetch(`${path}/begin`, { method: "POST" });
    if (!begun.ok) return begun.text();
    const { upload } = await begun.json();
    for (const [place, file] of files.entries()) {
      tell(`Sending ${place + 1} of ${files.length}: ${file.name}\u2026`);
      const to = `${path}/${upload}/file?name=${encodeURIComponent(file.name)}`;
      const answer = await fetch(to, { method: "POST", body: file });
      if (!answer.ok) return answer.text();
    }
    return "";
  }

  document.addEventListener("change", async (event) => {
    const field = event.target.closest?.("input[data-upload-files]");
    if (!field?.files.length) return;
    const told = document.querySelector("[data-upload-answer]");
    const tell = (words) => void (told.textContent = words);
    field.disabled = true;
    const problem = await sendAll(field.dataset.uploadFiles, [...field.files], tell).catch(() => "It could not be sent.");
    field.disabled = false;
    field.value = "";
    tell(problem || "Sent. Checking\u2026");
    if (!problem) document.querySelector("[data-uploaded]")?.click();
  });

  document.addEventListener("change", async (event) => {
    const field = event.target.closest?.("input[data-upload]");
    if (!field?.files.length) return;
    const told = document.querySelector("[data-upload-answer]");
    told.textContent = "Sending\u2026";
    const answer = await fetch(field.dataset.upload, { method: "POST", body: field.files[0] }).catch(() => null);
    told.textContent = !answer ? "It could not be sent." : answer.ok ? (await answer.json()).message : await answer.text();
    if (answer?.ok) document.querySelector("[data-uploaded]")?.click();
    field.value = "";
  });

  // A wrong password does not cost the address: it waits in this tab for the form that comes back with a problem.
  const kept = "operator-email";
  document.addEventListener("submit", (event) => {
    const field = event.target.querySelector?.("input[autocomplete=username]");
    if (field) sessionStorage.setItem(kept, field.value);
  });
  function giveBackAddress() {
    const field = document.querySelector(".center input[autocomplete=username]");
    if (!field || field.value || !document.querySelector(".center .notice")) return;
    const address = sessionStorage.getItem(kept);
    sessionStorage.removeItem(kept);
    if (!address) return;
    field.value = address;
    document.querySelector(".center input[type=password]").focus();
  }

  // A menu that is wider than the screen begins where the reader is.
  let shown = "";
  function showCurrent() {
    const here = location.pathname + location.search;
    const current = document.querySelectorAll(".desk .tabs [aria-current=page], .desk .parts [aria-current=true]");
    if (here === shown || !current.length) return;
    shown = here;
    current.forEach((link) => link.scrollIntoView({ block: "nearest", inline: "nearest" }));
  }

  new MutationObserver(() => {
    giveBackAddress();
    showCurrent();
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
