// Drawing what is in view.

function drawOverview(c, v, h) {
  const mini = { from: 0, until: run.end, width: v.width, x: (t) => (t / run.end) * v.width };
  band(c, mini, phases, 4, h - 14, phaseInk);
  for (const trouble of run.bars) {
    if (trouble.list === "kill") continue;
    box(c, mini, trouble.from, trouble.until ?? run.end, h - 8, 3, ink.bad, 2);
  }
  for (const [from, until] of run.gaps) box(c, mini, from, until, 0, h - 4, ink.dead, 2);
  for (const found of run.findings) symbol(c, "down", mini.x(found.at), 6, ink.over);
  const left = mini.x(view.from), right = mini.x(view.until);
  c.fillStyle = blend(ink.paper, 1);
  c.globalAlpha = 0.62;
  c.fillRect(0, 0, left, h);
  c.fillRect(right, 0, v.width - right, h);
  c.globalAlpha = 1;
  c.strokeStyle = ink.ink;
  c.lineWidth = 1.5;
  c.strokeRect(left + 0.75, 0.75, Math.max(3, right - left - 1.5), h - 3.5);
  const now = mini.x(cursor);
  rule(c, now, 0, now, h, ink.blue, 1.5);
}

const STEPS_MS = [20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, 60000, 120000, 300000, 600000];

function tickStep() {
  const raw = (view.until - view.from) / Math.max(2, view.width / 85);
  return STEPS_MS.find((step) => step >= raw) ?? 600000;
}

function drawAxis(c, v, h) {
  const step = tickStep(), places = step < 1000 ? (step < 100 ? 2 : 1) : 0;
  for (let t = Math.ceil(view.from / step) * step; t <= view.until; t += step) {
    const x = v.x(t);
    rule(c, x, h - 6, x, h, ink.soft);
    say(c, clock(t, places), x, h / 2 - 3, 90, { colour: ink.soft, align: x < 18 ? "left" : x > v.width - 18 ? "right" : "center" });
  }
}

function grid(c, h) {
  const step = tickStep();
  c.strokeStyle = ink.hair;
  c.lineWidth = 1;
  c.beginPath();
  for (let t = Math.ceil(view.from / step) * step; t <= view.until; t += step) {
    const x = Math.round(view.x(t)) + 0.5;
    c.moveTo(x, 0);
    c.lineTo(x, h);
  }
  c.stroke();
}

function paint(made) {
  const dots = window.devicePixelRatio || 1, h = made.height;
  if (made.canvas.width !== Math.round(view.width * dots) || made.canvas.height !== Math.round(h * dots)) {
    made.canvas.width = Math.round(view.width * dots);
    made.canvas.height = Math.round(h * dots);
  }
  const c = made.canvas.getContext("2d");
  c.setTransform(dots, 0, 0, dots, 0, 0);
  c.clearRect(0, 0, view.width, h);
  hatchInk = hatch(c, ink.unknown, 3);
  made.hits.length = 0;
  const body = made !== overview && made !== axis;
  if (body) grid(c, h);
  made.draw(c, view, h, made.hits);
  if (!body) return;
  if (made.stripes !== false) stripes(c, view, h, h > 100);
  flags(c, view, h);
}

function dirty() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    for (const made of all) if (made.seen) paint(made);
    readOut();
  });
}

function measure() {
  if (document.documentElement.classList.contains("paper")) return;
  const rect = axis.plot.getBoundingClientRect();
  view.width = Math.max(120, rect.width);
  view.left = rect.left;
  dirty();
}

function readOut() {
  const gap = dead(cursor);
  stamp.textContent = `${clock(cursor)}  ${wall(cursor)}`;
  for (const made of all) {
    if (!made.read || !made.seen) continue;
    const said = gap ? `the lane: ${gap}` : made.read(cursor);
    if (made.value.textContent !== said) made.value.textContent = made.value.title = said;
  }
  const x = view.x(cursor), on = x >= 0 && x <= view.width;
  cursorLine.hidden = !on;
  if (on) cursorLine.style.transform = `translateX(${axis.plot.offsetLeft + x}px)`;
  if (!waiting) paint(overview);
}
