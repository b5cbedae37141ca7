// Follows what a connection is doing: numbers change in place, a new state loads the page anew, a first score leads to it.
"use strict";

(() => {
  const steps = document.getElementById("steps");
  if (!steps) return;
  const read = document.getElementById("read");
  const live = document.getElementById("live");
  const busy = steps.dataset.busy === "yes";
  let pause = busy ? 1000 : 5000;

  const changed = (told) =>
    told.state !== steps.dataset.state || told.busy !== busy || told.failure !== steps.dataset.failure;

  const show = (told) => {
    live.textContent = "";
    if (read && told.read) read.textContent = told.read;
    if (busy && told.next) {
      location.assign(told.next);
    } else if (changed(told)) {
      location.reload();
    } else {
      later();
    }
  };

  const look = async () => {
    try {
      const answer = await fetch(steps.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.status === 404) {
        location.assign(steps.dataset.gone);
        return;
      }
      if (answer.redirected) {
        location.reload();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      pause = busy ? 1000 : 5000;
      show(await answer.json());
    } catch {
      live.textContent = steps.dataset.lost;
      pause = Math.min(pause * 2, 30000);
      later();
    }
  };

  const later = () => setTimeout(look, document.hidden ? Math.max(pause, 5000) : pause);
  later();
})();
