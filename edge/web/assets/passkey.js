// Asks a passkey to sign (login) or to be made (settings), puts the answer into the form
// and sends it. Without this file the form stays hidden and the other ways work.
"use strict";
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => buffer && btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  // The options as the browser wants them: bytes where JSON has text.
  const read = (options) => {
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    for (const list of [options.allowCredentials, options.excludeCredentials]) {
      for (const one of list || []) one.id = bytes(one.id);
    }
    return options;
  };

  const written = (made) => {
    const from = made.response, response = { clientDataJSON: text(from.clientDataJSON) };
    for (const name of ["authenticatorData", "signature", "userHandle", "attestationObject"]) {
      if (from[name]) response[name] = text(from[name]);
    }
    if (from.getTransports) response.transports = from.getTransports();
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response,
      clientExtensionResults: {}, authenticatorAttachment: made.authenticatorAttachment || undefined });
  };

  const say = (sentence) => {
    const place = form.querySelector("[role=alert]");
    place.textContent = sentence;
    place.hidden = !sentence;
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    say("");
    try {
      const response = await fetch(form.dataset.options, { method: "POST", credentials: "same-origin" });
      if (!response.ok) {
        say(await response.text());
        return;
      }
      const publicKey = read(await response.json());
      const made = form.dataset.passkey === "create"
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
      form.elements.answer.value = written(made);
      form.submit();
    } catch (problem) {
      say(problem.name === "InvalidStateError" ? "This device holds a passkey for here already." : "The passkey was not used. Try again, or choose another way.");
    }
  });
  form.hidden = false;
})();
