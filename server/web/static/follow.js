// Follows something that takes a while: bar and words change in place, and when it is over the page is loaded anew.
"use strict";

(() => {
  const box = document.getElementById("follow");
  if (!box) return;
  const bar = box.querySelector("progress");
  const words = box.querySelector("p");
  let pause = 500;

  const look = async () => {
    try {
      const answer = await fetch(box.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.redirected || answer.status === 404) {
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      if (told.state !== box.dataset.state) {
        location.reload();
        return;
      }
      bar.value = told.share;
      if (words.textContent !== told.text) words.textContent = told.text;
      pause = 1000;
    } catch {
      pause = Math.min(pause * 2, 30000);
    }
    later();
  };

  const later = () => setTimeout(look, document.hidden ? Math.max(pause, 5000) : pause);
  later();
})();
