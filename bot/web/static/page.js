// What the pages don't need, and are nicer with: times in the reader's own zone, how long ago, what happened on a day
// under the pointer, the finger or the arrow keys, and a list that narrows while somebody types.
"use strict";

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

  const local = () => {
    const written = new Intl.DateTimeFormat("en-GB", {
      day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    for (const time of document.querySelectorAll("time:not([data-ago])")) {
      time.title = time.textContent;
      time.textContent = written.format(new Date(time.dateTime));
    }
    const said = document.getElementById("zone");
    if (said) said.textContent = `Times are in your time zone (${zone.replace(/_/g, " ")}).`;
  };
  if (!/^(Etc\/)?(UTC|GMT|Universal|Zulu)$/.test(zone)) local();

  const tick = () => {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const age = Math.max(0, Math.floor((Date.now() - Date.parse(time.dateTime)) / 1000));
      const [size, unit] = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]].find(([least]) => age >= least) || [1, "s"];
      time.textContent = `${Math.floor(age / size)} ${unit} ago`;
    }
  };
  if (document.querySelector("time[data-ago]")) {
    tick();
    setInterval(tick, 1000);
  }

  // One tab stop per line of cells; the arrow keys go from one stretch of days to the next.
  const tip = document.createElement("p");
  tip.className = "tip";
  tip.hidden = true;
  let owner = null;

  const hide = () => {
    tip.hidden = true;
    if (owner) for (const one of owner.querySelectorAll(".on")) one.classList.remove("on");
    owner = null;
  };

  const prepare = (svg) => {
    const stretches = [...svg.querySelectorAll("g")].map((g) => {
      const title = g.querySelector("title");
      if (!title) return null;
      title.remove(); // or the browser would say it once more
      return { g, said: title.textContent, from: Number(/M(\d+)/.exec(g.querySelector("path").getAttribute("d"))[1]) };
    }).filter(Boolean);
    if (!stretches.length) return;
    const width = svg.viewBox.baseVal.width;
    const last = stretches.length - 1;
    let at = last;

    const show = (place) => {
      if (owner && owner !== svg) hide();
      at = place;
      const { g, said, from } = stretches[place];
      for (const one of svg.querySelectorAll(".on")) one.classList.remove("on");
      g.classList.add("on");
      svg.setAttribute("aria-valuenow", place);
      svg.setAttribute("aria-valuetext", said);
      owner = svg;
      tip.textContent = said;
      tip.hidden = false;
      svg.after(tip);
      const until = place < last ? stretches[place + 1].from : width;
      const middle = svg.offsetLeft || 0;
      const box = svg.getBoundingClientRect();
      const outer = tip.offsetParent ? tip.offsetParent.getBoundingClientRect() : box;
      const wanted = box.left - outer.left + (box.width * (from + until)) / 2 / width - tip.offsetWidth / 2 + middle;
      const most = box.left - outer.left + box.width - tip.offsetWidth;
      tip.style.left = `${Math.max(box.left - outer.left, Math.min(wanted, most))}px`;
      tip.style.top = `${box.bottom - outer.top + 6}px`;
    };

    const under = (event) => {
      const box = svg.getBoundingClientRect();
      const x = ((event.clientX - box.left) / box.width) * width;
      const found = stretches.findIndex(({ from }) => from > x);
      show(found === -1 ? last : Math.max(0, found - 1));
    };

    svg.setAttribute("role", "slider");
    svg.setAttribute("tabindex", "0");
    svg.setAttribute("aria-valuemin", "0");
    svg.setAttribute("aria-valuemax", String(last));
    svg.setAttribute("aria-valuenow", String(last));
    svg.setAttribute("aria-valuetext", stretches[last].said);
    svg.addEventListener("pointermove", under);
    svg.addEventListener("pointerdown", under);
    svg.addEventListener("pointerleave", (event) => {
      if (event.pointerType === "mouse" && document.activeElement !== svg) hide();
    });
    svg.addEventListener("focus", () => show(at));
    svg.addEventListener("blur", hide);
    svg.addEventListener("keydown", (event) => {
      const to = { ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: last }[event.key];
      if (event.key === "Escape") return hide();
      if (to === undefined) return;
      event.preventDefault();
      show(Math.max(0, Math.min(last, to)));
    });
  };
  document.querySelectorAll("svg.days").forEach(prepare);
  document.addEventListener("keydown", (event) => event.key === "Escape" && hide());

  // The whole directory on one page: it narrows as somebody types; Enter asks the server, which knows more.
  const whole = document.querySelector("table[data-whole]");
  const box = document.getElementById("q");
  if (whole && box) {
    const rows = [...whole.querySelectorAll("tbody tr")].map((row) => [row, row.textContent.toLowerCase()]);
    box.addEventListener("input", () => {
      const wanted = box.value.trim().toLowerCase();
      for (const [row, text] of rows) row.hidden = !text.includes(wanted);
    });
  }
})();
