"use strict";
// Where an item was struck, its score is open again.
const struck = document.getElementById(location.hash.slice(1));
if (struck instanceof HTMLDetailsElement) struck.open = true;
// Paper has no buttons: everything that can be opened is open on it.
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("main details:not([open])")];
  closed.forEach((one) => { one.open = true; });
});
window.addEventListener("afterprint", () => {
  closed.forEach((one) => { one.open = false; });
  closed = [];
});
