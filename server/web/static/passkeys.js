// Passkeys: asks the server for the question, the device for the answer, and sends the answer as an ordinary form.
"use strict";

(() => {
  if (!window.PublicKeyCredential) return;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const answered = (credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: {},
    });
  };

  const make = async (asked) =>
    navigator.credentials.create({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: named(asked.excludeCredentials),
      },
    });

  const use = async (asked) =>
    navigator.credentials.get({
      publicKey: { ...asked, challenge: bytes(asked.challenge), allowCredentials: named(asked.allowCredentials) },
    });

  const follow = (form, act) => {
    const error = form.querySelector("[data-error]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      error.textContent = "";
      try {
        const answer = await fetch(form.dataset.ask, { method: "POST", body: new FormData(form) });
        const asked = await answer.json();
        if (asked.error) {
          error.textContent = asked.error;
          return;
        }
        form.elements.credential.value = answered(await act(asked));
        if (form.elements.password) form.elements.password.value = "";
        form.submit();
      } catch {
        error.textContent = form.dataset.failed;
      }
    });
    form.hidden = false;
  };

  const made = document.getElementById("new-passkey");
  if (made) follow(made, make);
  const used = document.getElementById("use-passkey");
  if (used) follow(used, use);
})();
