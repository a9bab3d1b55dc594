// The button "Notify me": subscribes this browser to one provider, or ends that, and shows which of both it is.
"use strict";

(async () => {
  const section = document.getElementById("notify");
  const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (!section || !able) return;

  const button = section.querySelector("button");
  const said = section.querySelector("[role=status]");
  const { provider, name } = section.dataset;
  const TELLS = `This browser tells you of incidents and maintenance of ${name}.`;
  const BLOCKED = "Your browser blocks notifications from this site; its settings can change that.";

  // The worker can read this, too; it knows no localStorage.
  const memory = {
    at: "/push/id",
    async get() {
      const found = await (await caches.open("push")).match(this.at);
      return found ? found.text() : null;
    },
    async set(id) {
      const cache = await caches.open("push");
      await (id ? cache.put(this.at, new Response(id)) : cache.delete(this.at));
    },
  };

  const show = (on, words) => {
    button.setAttribute("aria-pressed", String(on));
    said.textContent = words;
    section.hidden = false;
  };

  const blocked = () => {
    button.hidden = true;
    show(false, BLOCKED);
  };

  const ask = async (method, path, body) => {
    const headers = body ? { "Content-Type": "application/json" } : {};
    const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    const found = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(found.error || "It didn't work. Please try again in a minute.");
    return found;
  };

  const subscriptions = (id) => `/push/subscriptions/${encodeURIComponent(id)}`;

  const bytes = (key) => {
    const base64 = key.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64 + "=".repeat((4 - (base64.length % 4)) % 4)), (c) => c.charCodeAt(0));
  };

  const same = (one, other) => {
    const mine = one ? new Uint8Array(one) : [];
    return mine.length === other.length && mine.every((byte, i) => byte === other[i]);
  };

  const current = async () => {
    const registration = await navigator.serviceWorker.getRegistration("/");
    return registration ? registration.pushManager.getSubscription() : null;
  };

  const subscribed = async () => {
    await navigator.serviceWorker.register("/push-worker.js", { scope: "/" });
    const { pushManager } = await navigator.serviceWorker.ready;
    const key = bytes((await ask("GET", "/push/key")).key);
    const known = await pushManager.getSubscription();
    if (known && same(known.options.applicationServerKey, key)) return known;
    if (known) await known.unsubscribe(); // it was made with another key: nothing would arrive
    return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  };

  const begin = async () => {
    const permission = await Notification.requestPermission();
    if (permission === "denied") return blocked();
    if (permission !== "granted") return show(false, "Nothing was changed: the browser was given no permission.");
    const subscription = await subscribed();
    const { id } = await ask("POST", "/push/subscriptions", { subscription: subscription.toJSON(), provider });
    await memory.set(id);
    return show(true, TELLS);
  };

  const end = async () => {
    const id = await memory.get();
    if (id) {
      const left = await ask("DELETE", `${subscriptions(id)}?provider=${encodeURIComponent(provider)}`);
      await memory.set(left.id);
      const subscription = left.id ? null : await current();
      if (subscription) await subscription.unsubscribe();
    }
    return show(false, `This browser doesn't tell you of ${name} any more.`);
  };

  const isOn = async () => {
    const [id, subscription] = [await memory.get(), await current()];
    if (!id || !subscription || Notification.permission !== "granted") return false;
    const answer = await fetch(subscriptions(id));
    if (answer.status === 404) await memory.set(null);
    return answer.ok && (await answer.json()).providers.includes(provider);
  };

  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await (button.getAttribute("aria-pressed") === "true" ? end() : begin());
    } catch (error) {
      said.textContent = error.name === "AbortError" || error.name === "NotSupportedError"
        ? "The browser could not reach its push service."
        : error.message;
    } finally {
      button.removeAttribute("aria-busy");
    }
  });

  if (Notification.permission === "denied") return blocked();
  const on = await isOn().catch(() => false);
  return show(on, on ? TELLS : "");
})();
