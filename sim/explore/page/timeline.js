// The timeline itself: one view for all rows, a cursor, a read-out, keys, wheel and pointer.

const LEAST_MS = 200;
const view = { from: 0, until: run.end, width: 1, x: (t) => ((t - view.from) / (view.until - view.from)) * view.width };
const time = (x) => view.from + (x / view.width) * (view.until - view.from);
let cursor = 0, waiting = false, pinned = false;

function make(tag, css, text) {
  const found = document.createElement(tag);
  if (css) found.className = css;
  if (text !== undefined) found.textContent = text;
  return found;
}

const frame = document.getElementById("timeline");
const tools = make("div", "tools");
const sticky = make("div", "sticky");
const cursorLine = make("div", "cursor");
const tip = make("div", "tip");
tip.setAttribute("role", "status");
tip.hidden = true;
const stamp = make("output", "stamp");

function button(label, title, act) {
  const made = make("button", "", label);
  made.type = "button";
  made.title = title;
  made.addEventListener("click", act);
  tools.append(made);
}

function whole() { show(0, run.end); }

function show(from, until) {
  const span = Math.max(LEAST_MS, Math.min(run.end, until - from));
  view.from = Math.max(0, Math.min(run.end - span, from));
  view.until = view.from + span;
  remember();
  dirty();
}

function zoom(factor, around = cursor) {
  const share = (around - view.from) / (view.until - view.from);
  const pivot = share >= 0 && share <= 1 ? around : (view.from + view.until) / 2;
  const part = (pivot - view.from) / (view.until - view.from), span = (view.until - view.from) * factor;
  show(pivot - part * span, pivot + (1 - part) * span);
}

function point(t, follow = true) {
  cursor = Math.max(0, Math.min(run.end, t));
  if (follow && (cursor < view.from || cursor > view.until)) {
    const half = (view.until - view.from) / 2;
    show(cursor - half, cursor + half);
  }
  remember();
  readOut();
}

// A stop is whatever one would want to go to next: a phase, a record, a finding, a death, a mark.
const stops = [...new Set([...phases.t, ...[...run.records, ...run.findings, ...run.marks].map((one) => one.at), ...run.gaps.flatMap(([from, until]) => [from, until])])].sort((a, b) => a - b);

function next(list, step) {
  const found = step > 0 ? list.find((t) => t > cursor + 1) : [...list].reverse().find((t) => t < cursor - 1);
  if (found !== undefined) point(found);
}

let remembering = 0;
function remember() {
  clearTimeout(remembering);
  remembering = setTimeout(() => {
    try { history.replaceState(null, "", `#t=${seconds(cursor)}&from=${seconds(view.from)}&until=${seconds(view.until)}`); } catch { /* a page without an address */ }
  }, 300);
}

function recall() {
  const said = new URLSearchParams(location.hash.slice(1));
  const number = (name) => (said.has(name) && Number.isFinite(Number(said.get(name))) ? Number(said.get(name)) * 1000 : null);
  if (number("from") !== null && number("until") !== null) show(number("from"), number("until"));
  point(number("t") ?? run.findings[0]?.at ?? accepted[0]?.at ?? run.end / 2, number("t") !== null);
}

// ---- the parts of the page

function line_(height, zh, en) {
  const made = { box: make("div", "row"), name: make("div", "name"), plot: make("div", "plot"), value: make("div", "value"), canvas: make("canvas"), height, hits: [], seen: true };
  if (zh) {
    const span = make("span", "zh", `${zh} `);
    span.lang = "zh";
    made.name.append(span);
  }
  made.name.append(make("span", "en", en));
  made.name.title = `${zh} ${en}`.trim();
  made.box.style.height = `${height + 1}px`;
  made.plot.append(made.canvas);
  made.box.append(made.name, made.plot, made.value);
  return made;
}

function legend(key) {
  const made = make("span", "key");
  for (const [text, css] of key) made.append(make("i", css), `${text} `);
  return made;
}

function scaleOf(row) {
  const y = toWay(row.height), made = make("div", "scale");
  const places = [["公路 road", layout.platform + 15], ["停车线 stop line", layout.platform + layout.stop_line], ["道闸 boom", layout.platform + layout.boom],
    ["秤台 deck", layout.platform / 2], ["道闸 boom", -layout.boom], ["停车线 stop line", -layout.stop_line], ["货场 yard", -15]];
  for (const [text, x] of places) {
    const [zh, ...en] = text.split(" ");
    const label = make("span", "", `${zh} `);
    label.append(make("span", "en", en.join(" ")));
    label.style.top = `${y(x)}px`;
    made.append(label);
  }
  return made;
}

const overview = line_(34, "全程", "whole run");
const axis = line_(22, "", "time");
axis.value.append(stamp);
const top_ = [overview, axis];
if (run.findings.length) {
  const found = line_(24, "发现", "findings");
  found.draw = (c, v, h, hits) => marks(c, v, run.findings, h, hits, (one) => ({ colour: ink.over, text: `${one.check} ${one.seen}`, sign: "down", weight: 600 }));
  found.read = (t) => { const kept = run.findings.filter((one) => Math.abs(one.at - t) < 50); return kept.map((one) => one.check).join(", ") || `${run.findings.length} in all`; };
  top_.push(found);
}
overview.draw = drawOverview;
axis.draw = drawAxis;
overview.box.classList.add("overview");
axis.box.classList.add("axis");

let group = "";
const lines = rows.map((row) => {
  const made = line_(row.height, row.zh, row.en);
  if (row.group !== group) {
    group = row.group;
    const heading = make("h3", "group", group);
    if (row.note) heading.append(make("small", "", ` ${row.note}`));
    frame.append(heading);
  }
  if (row.key) made.name.append(legend(row.key));
  if (row.scale) { made.name.append(scaleOf(row)); made.box.classList.add("way"); }
  frame.append(made.box);
  return Object.assign(made, { draw: row.draw, read: row.read, stripes: row.stripes });
});
button("−", "zoom out (−)", () => zoom(2));
button("+", "zoom in (+)", () => zoom(0.5));
button("全程 whole", "the whole run (0)", whole);
button("◂", "the stop before (P)", () => next(stops, -1));
button("▸", "the next stop (N)", () => next(stops, 1));
if (run.findings.length) button("发现 finding ▸", "the next finding (F)", () => next(run.findings.map((one) => one.at), 1));
tools.append(make("span", "help", "drag: move · ctrl+wheel: zoom · shift+drag: zoom to · ← → cursor · n p: next stop · f: finding · + − 0"));
sticky.append(tools, ...top_.map((made) => made.box));
frame.prepend(sticky);
frame.append(cursorLine);
document.body.append(tip);
const all = [...top_, ...lines];

// ---- drawing

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

// ---- details

function details(one) {
  if (one.kind === "vehicle") {
    const v = one.vehicle;
    return [`Vehicle ${v.number} ${v.plate}`, { configuration: v.title, mass: tonnes(one.stay.mass_g), limit: tonnes(v.limit_g), from: v.end, driver: v.driver, "on papers": v.registered ? "known" : "not known" }];
  }
  if (one.kind === "accepted") {
    const m = one.mark;
    return ["采信 Accepted weight", { at: clock(m.at), weight: kilograms(m.g), u95: m.u95_g === undefined ? "—" : kilograms(m.u95_g), truth: kilograms(m.true_g), fault: `${signed((m.g - m.true_g) / 1000)} kg`, axles: m.axles ?? "not counted" }];
  }
  if (one.kind === "said") return [one.text, { from: clock(one.from), until: clock(one.until), lasted: `${seconds(one.until - one.from)} s` }];
  if (one.kind === "bar") return [`Plan: ${one.bar.list}`, one.bar.about];
  if (one.kind === "alarm") return [`${one.alarm.code} ${one.alarm.zh} ${one.alarm.name}`, { meaning: one.alarm.meaning, "first action": one.alarm.action, from: clock(one.from), until: clock(one.until), lasted: `${seconds(one.until - one.from)} s` }];
  if (one.seq !== undefined) {
    const { at: told_at, instant, told, kind, kind_zh, kind_en, seq, gross_g, u95_g, mpe_g, limit_g, ...rest } = one;
    const weights = Object.fromEntries(Object.entries({ gross: gross_g, u95: u95_g, MPE: mpe_g, limit: limit_g }).filter(([, g]) => g !== undefined).map(([key, g]) => [key, kilograms(g)]));
    const truly = gross_g !== undefined && instant !== undefined ? { "true mass then": kg(at(truth, instant)) } : {};
    return [`No. ${seq} ${kind_zh} ${kind_en}`, { [told ? "known durable" : "about"]: clock(told_at), ...(instant !== undefined ? { instant: clock(instant) } : {}), ...weights, ...truly, ...rest }];
  }
  if (one.check) return [one.check, { at: clock(one.at), seen: one.seen, "must hold": one.meaning }];
  const { at: when, what, ...rest } = one;
  return [word(what), { at: clock(when), ...rest }];
}

function showTip(one, event) {
  const [title, about] = details(one);
  const list = make("dl");
  for (const [key, value] of Object.entries(about)) list.append(make("dt", "", word(key)), make("dd", "", String(value)));
  tip.replaceChildren(make("b", "", title), list);
  tip.hidden = false;
  const w = tip.offsetWidth, h = tip.offsetHeight;
  tip.style.left = `${Math.max(6, Math.min(innerWidth - w - 6, event.clientX + 14))}px`;
  tip.style.top = `${event.clientY + 18 + h > innerHeight ? Math.max(6, event.clientY - h - 12) : event.clientY + 18}px`;
}

function hideTip() {
  pinned = false;
  tip.hidden = true;
  tip.classList.remove("pinned");
}

function hit(made, x, y) {
  const t = time(x);
  for (let i = made.hits.length - 1; i >= 0; i--) {
    const one = made.hits[i];
    if (one.within ? one.within(t, y) : x >= one.x0 && x <= one.x1 && y >= one.y0 && y <= one.y1) return one.one;
  }
  return null;
}

// ---- hands

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

// ---- beginning, and whenever the page changes

const watcher = new IntersectionObserver((found) => {
  for (const entry of found) {
    const made = all.find((one) => one.box === entry.target);
    made.seen = entry.isIntersecting || top_.includes(made);
  }
  dirty();
}, { rootMargin: "300px 0px" });
for (const made of all) watcher.observe(made.box);

function recolour() {
  readInk();
  hatches.clear();
  dirty();
}

// Paper is white, and as wide as a sheet that lies: what is printed is drawn for it, all of it.
const SHEET_PX = 740;

function forPaper(on) {
  document.documentElement.classList.toggle("paper", on);
  readInk();
  hatches.clear();
  if (!on) return measure();
  view.width = SHEET_PX;
  for (const made of all) paint(made);
}

addEventListener("beforeprint", () => forPaper(true));
addEventListener("afterprint", () => forPaper(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(measure).observe(axis.plot);
readInk();
measure();
recall();
