/* Pictures are drawn by the server; here they zoom and pan. The wheel with Ctrl, two buttons, or
   plus, minus, arrows and 0 while the picture has the focus; dragging moves. */
"use strict";

(() => {
  for (const figure of document.querySelectorAll("figure[data-zoom]")) {
    const svg = figure.querySelector("svg");
    if (!svg) continue;
    const whole = svg.getAttribute("viewBox").split(" ").map(Number);
    const across = figure.dataset.zoom === "across";
    if (across) {
      whole[0] = Number(svg.dataset.left);
      whole[2] = Number(svg.dataset.right) - whole[0];
    }
    let [x, y, width, height] = whole;
    const show = () => {
      width = Math.min(whole[2], Math.max(whole[2] / 64, width));
      height = across ? whole[3] : (width * whole[3]) / whole[2];
      x = Math.min(whole[0] + whole[2] - width, Math.max(whole[0], x));
      y = across ? whole[1] : Math.min(whole[1] + whole[3] - height, Math.max(whole[1], y));
      if (across) {
        /* Time is stretched, letters and marks are not. */
        const scale = whole[2] / width;
        for (const one of svg.querySelectorAll("[data-x]")) {
          const from = Number(one.dataset.x);
          const to = whole[0] + (from - x) * scale;
          one.setAttribute("transform", `translate(${(to - from).toFixed(1)} 0)`);
          one.setAttribute(
            "visibility",
            from < x - 0.5 || from > x + width + 0.5 ? "hidden" : "inherit",
          );
        }
      } else svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
      const far = width >= whole[2] - 0.01;
      for (const button of figure.querySelectorAll("button[data-by='1'], button[data-by='0.5']"))
        button.disabled = far;
    };
    const zoom = (by, at = 0.5, atY = 0.5) => {
      if (by === 1) [x, y, width, height] = whole;
      else {
        const [oldWidth, oldHeight] = [width, height];
        width = Math.min(whole[2], Math.max(whole[2] / 64, width / by));
        x += (oldWidth - width) * at;
        y += (oldHeight - (width * whole[3]) / whole[2]) * atY;
      }
      show();
    };
    const tools = document.createElement("div");
    tools.className = "tools";
    for (const [by, sign, name] of [
      [2, "+", figure.dataset.closer],
      [0.5, "−", figure.dataset.farther],
      [1, "⤢", figure.dataset.all],
    ]) {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.by = by;
      button.textContent = sign;
      button.title = name;
      button.setAttribute("aria-label", name);
      button.addEventListener("click", () => zoom(by));
      tools.append(button);
    }
    figure.append(tools);
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    svg.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey) return;
        event.preventDefault();
        zoom(event.deltaY < 0 ? 1.25 : 0.8, ...place(event));
      },
      { passive: false },
    );
    svg.addEventListener("dblclick", (event) => zoom(2, ...place(event)));
    let held = null;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && !event.target.closest("a")) held = [event.clientX, event.clientY];
    });
    addEventListener("pointermove", (event) => {
      if (!held) return;
      const box = svg.getBoundingClientRect();
      x -= ((event.clientX - held[0]) / box.width) * width;
      y -= ((event.clientY - held[1]) / box.height) * height;
      held = [event.clientX, event.clientY];
      show();
    });
    addEventListener("pointerup", () => (held = null));
    figure.addEventListener("keydown", (event) => {
      const moves = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] };
      if (event.ctrlKey || event.metaKey || event.altKey || event.target !== figure) return;
      if (event.key === "+" || event.key === "=") zoom(2);
      else if (event.key === "-") zoom(0.5);
      else if (event.key === "0") zoom(1);
      else if (moves[event.key] && width < whole[2]) {
        x += moves[event.key][0] * width;
        y += moves[event.key][1] * height;
        show();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    });
    show();
  }
})();
