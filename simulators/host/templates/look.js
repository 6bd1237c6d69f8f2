"use strict";
// Looks again every three seconds and shows what has changed, until somebody stops it. What somebody is at stays.
const button = document.querySelector("button[data-go-on]");
const words = [button.textContent, button.dataset.goOn];
let timer = 0;
const look = async () => {
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const here = document.querySelector("tbody"), there = page.querySelector("tbody");
    const isBusy = here.contains(document.activeElement);
    if (timer && answer.ok && !isBusy && there && there.innerHTML !== here.innerHTML) {
      here.replaceChildren(...there.childNodes);
    }
  } catch { /* the next look may succeed */ }
  if (timer) timer = setTimeout(look, 3000);
};
button.hidden = false;
button.addEventListener("click", () => {
  clearTimeout(timer);
  timer = timer ? 0 : setTimeout(look, 0);
  button.textContent = words[timer ? 0 : 1];
});
timer = setTimeout(look, 3000);
