"use strict";
// The only script. Without it every page works: what runs is then shown anew by a link.

// What runs: look again, soon and then more seldom, and tell how far it is, until somebody stops that; once it has
// ended, put the new page in place of the old.
const runs = document.querySelector("main [data-runs]");
if (runs) {
  let isStopped = false, timer = 0, wait = 300;
  const pause = document.querySelector("main button[data-pause]");
  if (pause) {
    const words = [pause.textContent, pause.dataset.goOn];
    pause.hidden = false;
    pause.addEventListener("click", () => {
      isStopped = !isStopped;
      pause.textContent = words[Number(isStopped)];
      clearTimeout(timer);
      if (!isStopped) look();
    });
  }
  const look = async () => {
    if (isStopped) return;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const still = page.querySelector("main [data-runs]");
      if (isStopped) return;
      if (answer.ok && !still) {
        const here = document.querySelector("main");
        here.replaceChildren(...page.querySelector("main").childNodes);
        document.title = page.title;
        here.focus();
        return;
      }
      if (answer.ok && still.innerHTML !== runs.innerHTML) runs.replaceChildren(...still.childNodes);
    } catch { /* the next look may succeed */ }
    timer = setTimeout(look, wait);
    wait = Math.min(1.6 * wait, 1500);
  };
  timer = setTimeout(look, wait);
}

// Times of a reader of whom nothing is known: by the clock of the browser, from the next page on.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (zone && !document.cookie.includes("calsync-zone=" + encodeURIComponent(zone))) {
  document.cookie = "calsync-zone=" + encodeURIComponent(zone) + "; Path=/; Max-Age=31536000; SameSite=Strict"
    + (location.protocol === "https:" ? "; Secure" : "");
}

// One box that ticks all of a table.
for (const all of document.querySelectorAll("input[data-all]")) {
  all.hidden = false;
  all.addEventListener("change", () => {
    for (const one of all.closest("table").querySelectorAll("tbody input[type=checkbox]")) one.checked = all.checked;
  });
}

// Copy a text; the text itself stays there to be selected by hand.
for (const button of document.querySelectorAll("button[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
}

// A form is sent once.
document.addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("button:enabled")) {
    button.dataset.sent = "";
    setTimeout(() => { button.disabled = true; }, 0);
  }
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const button of document.querySelectorAll("button[data-sent]")) button.disabled = false;
});
