// "I have trouble, too": tells the time zone, and sends the form without leaving the page.
"use strict";

(() => {
  const form = document.querySelector("#signal form");
  const said = document.getElementById("signal-said");
  if (!form || !said || !window.fetch) return;

  const button = form.querySelector("button");
  try {
    form.elements.zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  } catch {
    form.elements.zone.value = ""; // it is not told
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    said.textContent = "";
    try {
      const answer = await fetch(form.action, {
        method: "POST",
        headers: { Accept: "application/json" },
        body: new URLSearchParams(new FormData(form)),
      });
      const found = await answer.json().catch(() => ({}));
      said.textContent = found.said || found.error || "It didn't work. Please try again in a minute.";
    } catch {
      said.textContent = "It could not be sent. Please try again in a minute.";
    } finally {
      button.removeAttribute("aria-busy");
    }
  });
})();
