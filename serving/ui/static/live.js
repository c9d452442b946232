/* The page hears from the service what has changed, and offers to show it; nothing moves under the
   reader's hand. */
"use strict";

(() => {
  const place = document.querySelector("[data-live]");
  if (!place || !("EventSource" in window)) return;
  const source = new EventSource(place.dataset.live);
  const note = document.getElementById("news");
  const looking = document.getElementById("looking");
  source.addEventListener("changed", (event) => {
    const told = JSON.parse(event.data);
    if (!note) return;
    note.hidden = false;
    note.querySelector("[data-count]").textContent = told.count;
  });
  source.addEventListener("looking", (event) => {
    const told = JSON.parse(event.data);
    const names = told.names.filter((name) => name !== place.dataset.me);
    if (looking) {
      looking.hidden = names.length === 0;
      looking.querySelector("[data-names]").textContent = names.join(", ");
    }
    for (const mark of document.querySelectorAll("[data-looking]")) {
      const there = (told.cases?.[mark.dataset.looking] ?? []).filter(
        (name) => name !== place.dataset.me,
      );
      mark.textContent = there.length ? `◉ ${there.join(", ")}` : "";
    }
  });
  addEventListener("pagehide", () => source.close());
})();
