// The switches of the explanation: the recomputed score appears at once, sliders stand beside the numbers.
"use strict";

(() => {
  const form = document.getElementById("what-if");
  const outcome = document.getElementById("outcome");
  if (!form || !outcome) return;

  for (const field of form.querySelectorAll("input[type=number]")) {
    const slider = document.createElement("input");
    slider.type = "range";
    slider.min = field.min;
    slider.max = field.dataset.slider;
    slider.value = field.value || "0";
    slider.setAttribute("aria-label", field.dataset.label);
    slider.addEventListener("input", () => { field.value = slider.value; });
    field.addEventListener("input", () => { slider.value = field.value || "0"; });
    field.after(slider);
  }

  const address = () => {
    const wish = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (value !== "" && value !== "0") wish.append(name, value);
    }
    if (!wish.has("people")) wish.delete("more");
    return `${form.getAttribute("action").split("#")[0]}?${wish}`;
  };

  let asking = null;
  const ask = async () => {
    if (asking) asking.abort();
    asking = new AbortController();
    const wanted = address();
    try {
      const answer = await fetch(wanted, { headers: { "X-Part": "outcome" }, signal: asking.signal });
      if (answer.redirected || answer.status === 404) throw new Error("not the part");
      if (!answer.ok) throw new Error(String(answer.status));
      outcome.innerHTML = await answer.text();
      history.replaceState(null, "", wanted);
    } catch (error) {
      if (error.name !== "AbortError") outcome.textContent = outcome.dataset.lost;
    }
  };

  let later = 0;
  form.addEventListener("input", () => {
    clearTimeout(later);
    later = setTimeout(ask, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  form.classList.add("live");
})();
