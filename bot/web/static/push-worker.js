// Shows what is pushed: one notification per incident, replaced by its next state.
"use strict";

const FALLBACK = { title: "A status page has changed", body: "", url: "/status" };

const told = (data) => {
  try {
    return { ...FALLBACK, ...data.json() };
  } catch {
    return FALLBACK;
  }
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  const { title, body, tag, renotify, at, url } = told(event.data);
  event.waitUntil(self.registration.showNotification(title, {
    body,
    tag,
    renotify: Boolean(tag && renotify),
    timestamp: at ? Date.parse(at) : Date.now(),
    data: { url },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(opened(new URL(event.notification.data?.url ?? "/status", self.location.origin)));
});

async function opened(page) {
  if (page.origin !== self.location.origin) return null;
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((one) => new URL(one.url).pathname === page.pathname);
  return there ? there.focus() : self.clients.openWindow(page.href);
}

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewed(event)));

async function renewed(event) {
  const cache = await caches.open("push");
  const id = await (await cache.match("/push/id"))?.text();
  if (!id) return;
  const subscription = event.newSubscription ?? (await subscribed(event.oldSubscription));
  const answer = await fetch(`/push/subscriptions/${encodeURIComponent(id)}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ subscription: subscription.toJSON() }),
  });
  if (answer.ok) await cache.put("/push/id", new Response((await answer.json()).id));
}

async function subscribed(former) {
  const { key } = await (await fetch("/push/key")).json();
  return self.registration.pushManager.subscribe(
    former?.options ?? { userVisibleOnly: true, applicationServerKey: key },
  );
}
