// The timeline itself: one view for all rows, a cursor, and the parts of the page.

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
