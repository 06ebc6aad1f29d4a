// The page works without this file; it only makes menus close by themselves and shows that a chart is opening.
"use strict";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const link = event.target.closest(".roster a");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    document.querySelector("main").setAttribute("aria-busy", "true");
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});

window.addEventListener("pageshow", () => document.querySelector("main").removeAttribute("aria-busy"));

document.addEventListener("DOMContentLoaded", () => {
  // Only the list scrolls to the chosen patient: scrollIntoView would move the whole page.
  const chosen = document.querySelector('.roster a[aria-current="page"]');
  const list = document.querySelector(".roster");
  if (!chosen) return;
  const below = chosen.getBoundingClientRect().bottom - list.getBoundingClientRect().bottom;
  if (below > 0) list.scrollTop += below + 80;
});
