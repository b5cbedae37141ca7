// While a check runs, the page looks again by itself.
"use strict";

(() => {
  if (!document.querySelector("[data-busy='yes']")) return;
  const again = () => (document.hidden ? setTimeout(again, 2000) : location.reload());
  setTimeout(again, 2000);
})();
