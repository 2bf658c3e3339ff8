// Pointer, wheel and keys.

let held = null;
const lasso = make("div", "lasso");
lasso.hidden = true;
frame.append(lasso);

for (const made of all) {
  const plot = made.plot, small = made === overview;
  const x = (event) => event.clientX - plot.getBoundingClientRect().left;
  const go = (event) => {
    const t = (x(event) / view.width) * run.end, half = (view.until - view.from) / 2;
    if (half * 2 < run.end - 1) show(t - half, t + half);
    point(t, false);
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    plot.setPointerCapture(event.pointerId);
    held = { made, x: x(event), from: view.from, until: view.until, moved: false, lasso: event.shiftKey };
    if (small) go(event);
  });
  plot.addEventListener("pointermove", (event) => {
    if (small) { if (held) go(event); return; }
    const here = x(event);
    if (held && held.made === made) {
      if (Math.abs(here - held.x) > 3) held.moved = true;
      if (held.lasso) return drawLasso(plot, held.x, here);
      const shift = ((held.x - here) / view.width) * (held.until - held.from);
      if (held.moved) { frame.classList.add("moving"); show(held.from + shift, held.until + shift); }
      return;
    }
    point(time(here), false);
    if (pinned) return;
    const one = hit(made, here, event.clientY - plot.getBoundingClientRect().top);
    plot.style.cursor = one ? "pointer" : "";
    if (one) showTip(one, event); else tip.hidden = true;
  });
  plot.addEventListener("pointerup", (event) => {
    const mine = held;
    held = null;
    frame.classList.remove("moving");
    lasso.hidden = true;
    if (!mine || small) return;
    if (mine.lasso && mine.moved) { const a = time(mine.x), b = time(x(event)); show(Math.min(a, b), Math.max(a, b)); return; }
    if (mine.moved) return;
    const one = hit(made, x(event), event.clientY - plot.getBoundingClientRect().top);
    hideTip();
    point(time(x(event)), false);
    if (one) { showTip(one, event); pinned = true; tip.classList.add("pinned"); }
  });
  plot.addEventListener("pointercancel", () => { held = null; lasso.hidden = true; frame.classList.remove("moving"); });
  plot.addEventListener("pointerleave", () => { if (!pinned) tip.hidden = true; });
  plot.addEventListener("dblclick", (event) => (small ? whole() : zoom(event.shiftKey ? 3 : 1 / 3, time(x(event)))));
  plot.addEventListener("wheel", (event) => {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      event.preventDefault();
      zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.006), time(x(event)));
    } else if (sideways) {
      event.preventDefault();
      const shift = (sideways / view.width) * (view.until - view.from);
      show(view.from + shift, view.until + shift);
    }
  }, { passive: false });
}

function drawLasso(plot, from, to) {
  lasso.hidden = false;
  lasso.style.left = `${plot.offsetLeft + Math.min(from, to)}px`;
  lasso.style.width = `${Math.abs(to - from)}px`;
  lasso.dataset.span = `${seconds(Math.abs(time(to) - time(from)))} s`;
}

const KEYS = {
  "+": () => zoom(0.5), "=": () => zoom(0.5), "-": () => zoom(2), "0": whole,
  n: () => next(stops, 1), p: () => next(stops, -1), f: () => next(run.findings.map((one) => one.at), 1),
  F: () => next(run.findings.map((one) => one.at), -1), Home: () => point(0), End: () => point(run.end), Escape: hideTip,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
    const pixels = event.shiftKey ? 60 : 4, sign = event.key === "ArrowLeft" ? -1 : 1;
    const moved = (pixels / view.width) * (view.until - view.from);
    point(Math.round((cursor + sign * Math.max(20, moved)) / 20) * 20);
  } else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const to = event.target.closest("[data-at]");
  if (to) {
    const t = Number(to.dataset.at), span = Math.min(run.end, 30000);
    show(t - span / 2, t + span / 2);
    point(t);
    frame.scrollIntoView({ block: "start" });
  } else if (pinned && !tip.contains(event.target) && !event.target.closest(".plot")) hideTip();
});
