/* Crossflag console: what a script adds to pages that work without one. Times in the reader's own
   zone, ids that copy, tables that sort, and keys. Nothing here decides or hides anything. */
"use strict";

(() => {
  const remembered = {
    get: (name) => {
      try {
        return localStorage.getItem(`crossflag.${name}`);
      } catch {
        return null;
      }
    },
    set: (name, value) => {
      try {
        localStorage.setItem(`crossflag.${name}`, value);
      } catch {
        /* A browser that keeps nothing forgets the choice, no more. */
      }
    },
  };
  const language = document.documentElement.lang || "en";
  const said = document.getElementById("said");
  const say = (text) => {
    if (said) said.textContent = text;
  };

  /* Times: the reader's zone on the page, UTC when a pointer rests on it. */
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const localTimes = (root) => {
    for (const time of root.querySelectorAll("time[data-shown]")) {
      const at = new Date(time.getAttribute("datetime"));
      if (time.dataset.shown === "done" || Number.isNaN(at.getTime())) continue;
      const seconds = time.dataset.shown === "seconds";
      const parts = Object.fromEntries(
        new Intl.DateTimeFormat("en-GB", {
          timeZone: zone,
          year: "numeric",
          month: "2-digit",
          day: "2-digit",
          hour: "2-digit",
          minute: "2-digit",
          second: "2-digit",
          hourCycle: "h23",
        })
          .formatToParts(at)
          .map((part) => [part.type, part.value]),
      );
      const clock = `${parts.hour}:${parts.minute}${seconds ? `:${parts.second}` : ""}`;
      time.textContent = `${parts.year}-${parts.month}-${parts.day} ${clock}`;
      time.dataset.shown = "done";
    }
  };
  localTimes(document);
  for (const note of document.querySelectorAll("[data-zone-note]")) {
    if (zone !== "UTC") note.textContent = note.dataset.zoneNote.replace("{zone}", zone);
  }
  for (const word of document.querySelectorAll("[data-zone]")) {
    if (zone !== "UTC") word.textContent = word.dataset.zone;
  }

  /* Ids: a button beside each copies it. */
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      say(`${button.dataset.copy} ✓`);
      button.classList.add("done");
      setTimeout(() => button.classList.remove("done"), 1200);
    } catch {
      const range = document.createRange();
      range.selectNodeContents(button.previousElementSibling || button);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
  });

  /* Tables: a heading that is pressed sorts by its column. */
  const valueOf = (cell) => {
    const given = cell.dataset.value ?? cell.querySelector("time")?.getAttribute("datetime");
    return given ?? cell.textContent.trim();
  };
  const compared = new Intl.Collator(language, { numeric: true });
  const compare = (one, two) => {
    const [first, second] = [Number(one), Number(two)];
    const numbers = one !== "" && two !== "" && !Number.isNaN(first) && !Number.isNaN(second);
    return numbers ? first - second : compared.compare(one, two);
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    for (const heading of table.tHead.rows[0].cells) {
      if (!heading.textContent.trim()) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const down = heading.getAttribute("aria-sort") === "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", down ? "descending" : "ascending");
        const place = heading.cellIndex;
        const body = table.tBodies[0];
        const rows = [...body.rows].map((row) => [valueOf(row.cells[place]), row]);
        rows.sort((one, two) => (down ? -1 : 1) * compare(one[0], two[0]));
        body.append(...rows.map((pair) => pair[1]));
      });
    }
  }

  /* Keys: listed by ?, and off for those who want none. */
  const help = document.getElementById("keys");
  const toggle = document.getElementById("keys-on");
  const keysOn = () => remembered.get("keys") !== "off";
  if (toggle) {
    toggle.checked = keysOn();
    toggle.addEventListener("change", () => remembered.set("keys", toggle.checked ? "on" : "off"));
  }
  for (const opener of document.querySelectorAll("[data-opens-keys]")) {
    opener.hidden = false;
    opener.addEventListener("click", () => help.showModal());
  }
  const typing = (element) =>
    element.isContentEditable ||
    ["TEXTAREA", "SELECT"].includes(element.tagName) ||
    (element.tagName === "INPUT" && !["checkbox", "radio"].includes(element.type));
  const links = () => [...document.querySelectorAll("table.queue a.subject")];
  const step = (by) => {
    const all = links();
    if (!all.length) return;
    const now = all.indexOf(document.activeElement);
    const next = now < 0 ? (by > 0 ? 0 : all.length - 1) : now + by;
    all[Math.max(0, Math.min(all.length - 1, next))].focus();
  };
  let waitsForG = false;
  const act = {
    "?": () => help?.showModal(),
    "/": () => document.querySelector("input[type=search]")?.focus(),
    j: () => step(1),
    k: () => step(-1),
    x: () => document.activeElement.closest("tr")?.querySelector("input[type=checkbox]")?.click(),
    u: () => document.querySelector("[data-key-u]")?.click(),
  };
  const press = (key) => {
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return false;
    if (target.matches("input, textarea, select, h2")) {
      target.scrollIntoView({ block: "center" });
      target.focus();
    } else target.click();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !keysOn()) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    if (waitsForG) {
      waitsForG = false;
      const page = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      if (page) {
        event.preventDefault();
        page.click();
      }
      return;
    }
    if (event.key === "g") {
      waitsForG = true;
      setTimeout(() => (waitsForG = false), 1500);
    } else if (act[event.key]) {
      event.preventDefault();
      act[event.key]();
    } else if (press(event.key)) event.preventDefault();
  });

  /* Printing opens what is folded, and folds it again. */
  addEventListener("beforeprint", () => {
    for (const one of document.querySelectorAll("details:not([open])")) {
      one.open = true;
      one.dataset.opened = "";
    }
  });
  addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll("details[data-opened]")) {
      one.open = false;
      delete one.dataset.opened;
    }
  });
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
