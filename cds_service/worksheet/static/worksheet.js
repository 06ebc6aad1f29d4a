// Paper has no buttons: everything that can be opened is open on it.
"use strict";
let closed = [];
window.addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("main details:not([open])")];
  closed.forEach((one) => { one.open = true; });
});
window.addEventListener("afterprint", () => {
  closed.forEach((one) => { one.open = false; });
  closed = [];
});
