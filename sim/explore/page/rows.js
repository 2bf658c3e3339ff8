// The rows of the timeline.  A row draws itself into (c, view, height, hits) and reads itself at t.

const ENDS = { yard: "货场侧", road: "公路侧" };
const PRESENCE = ["unknown", "clear", "blocked", "not fitted"];
const rows = [];
const layout = run.layout;
const angles = { yard: line(run.booms.yard), road: line(run.booms.road) };

function row(group, zh, en, height, draw, read, more = {}) {
  rows.push({ group, zh, en, height, draw, read, ...more });
}

const has = (name, quiet) => steps(name).v.some((value) => !quiet.includes(value));

// ---- where the vehicles are

const vehicles = run.vehicles.map((vehicle) => ({
  ...vehicle,
  minds: unpacked(vehicle.minds),
  stays: vehicle.stays.map((stay) => ({ ...stay, path: line(stay.path) })),
}));

const ROOM_M = 8;
const FAR = 0.3;

// Metres from the yard end of the deck to a share of the height; beyond ROOM_M space is compressed.
function squeezed(x) {
  const bend = (d) => (d <= ROOM_M ? d : ROOM_M + (d - ROOM_M) * FAR);
  return x < layout.platform / 2 ? -bend(-x) : layout.platform + bend(x - layout.platform);
}
const WAY = [squeezed(-layout.wait), squeezed(layout.platform + layout.wait)];
const toWay = (height) => (x) => 6 + ((squeezed(x) - WAY[0]) / (WAY[1] - WAY[0])) * (height - 12);

// A vehicle's path as points (t, x of the front or of what is `back` metres behind it).
function path(vehicle, part, back) {
  const x = (cm) => (vehicle.end === "yard" ? cm / 100 - back : layout.platform - cm / 100 + back);
  const found = [];
  for (let i = 0; i < part.t.length; i++) {
    const here = [part.t[i], x(part.v[i])];
    if (i) {
      const before = found[found.length - 1];
      const bends = [-ROOM_M, layout.platform + ROOM_M].filter((b) => (before[1] - b) * (here[1] - b) < 0);
      bends.sort((a, b) => Math.abs(a - before[1]) - Math.abs(b - before[1]));
      for (const bend of bends) {
        found.push([before[0] + ((bend - before[1]) / (here[1] - before[1])) * (here[0] - before[0]), bend]);
      }
    }
    found.push(here);
  }
  return found;
}

for (const vehicle of vehicles) {
  for (const stay of vehicle.stays) {
    stay.bands = stay.path.map((part) => ({
      t: [part.t[0], part.t[part.t.length - 1]],
      front: path(vehicle, part, 0),
      rear: path(vehicle, part, vehicle.length / 100),
      axles: vehicle.axles.map((cm) => path(vehicle, part, cm / 100)),
    }));
  }
}

function trace(c, view, points, y, begin) {
  points.forEach(([t, x], i) => (i === 0 && begin ? c.moveTo(view.x(t), y(x)) : c.lineTo(view.x(t), y(x))));
}

function wayMarks(c, view, height) {
  const y = toWay(height), full = view.width, platform = layout.platform;
  c.fillStyle = ink.deckfill;
  c.fillRect(0, y(0), full, y(platform) - y(0));
  for (const [end, edge, out] of [["yard", 0, -1], ["road", platform, 1]]) {
    const open = y(edge + out * layout.boom), stop = y(edge + out * layout.stop_line), beam = y(edge + out * layout.beam);
    rule(c, 0, beam, full, beam, ink.rule, 1, [1, 3]);
    rule(c, 0, open, full, open, ink.rule, 1, [6, 4]);
    rule(c, 0, stop, full, stop, blend(ink.over, 0.6), 1.5);
    for (const [from, until, green] of stretches(steps(`${end}.approach_lamp`), view)) {
      if (green) rule(c, view.x(from), stop, view.x(until), stop, ink.within, 3);
    }
    for (const kind of ["beam_low", "beam_high"]) {
      for (const [from, until, said] of stretches(steps(`${end}.${kind}.said`), view)) {
        if (said === 2) rule(c, view.x(from), beam, view.x(until), beam, ink.blocked, 2);
        if (said === 0) rule(c, view.x(from), beam, view.x(until), beam, ink.unknown, 2, [3, 2]);
      }
    }
    arm(c, view, angles[end], open);
  }
}

// The arm across the way: thick when it is down, thinner the higher it stands, none when open.
function arm(c, view, parts, y) {
  c.fillStyle = ink.ink;
  for (const part of parts) {
    for (let i = 0; i + 1 < part.t.length; i++) {
      if (part.t[i + 1] < view.from || part.t[i] > view.until) continue;
      const x1 = view.x(part.t[i]), x2 = view.x(part.t[i + 1]);
      const thick = (v) => (v >= 870 ? 0 : 0.6 + 1.7 * (1 - v / 900));
      const a = thick(part.v[i]), b = thick(part.v[i + 1]);
      c.beginPath();
      c.moveTo(x1, y - a); c.lineTo(x2, y - b); c.lineTo(x2, y + b); c.lineTo(x1, y + a);
      c.fill();
    }
  }
}

function drawWay(c, view, height, hits) {
  const y = toWay(height);
  const names = [];
  wayMarks(c, view, height);
  for (const vehicle of vehicles) {
    const colour = ink[`v${vehicle.number % 8}`];
    for (const stay of vehicle.stays) {
      if (stay.until < view.from || stay.from > view.until) continue;
      for (const part of stay.bands) {
        c.beginPath();
        trace(c, view, part.front, y, true);
        trace(c, view, [...part.rear].reverse(), y, false);
        c.closePath();
        c.globalAlpha = 0.32;
        c.fillStyle = colour;
        c.fill();
        c.globalAlpha = 0.5;
        c.strokeStyle = colour;
        c.lineWidth = 0.7;
        c.beginPath();
        for (const axle of part.axles) trace(c, view, axle, y, true);
        c.stroke();
        c.globalAlpha = 1;
        c.lineWidth = 1.4;
        c.beginPath();
        trace(c, view, part.front, y, true);
        trace(c, view, part.rear, y, true);
        c.stroke();
        hits.push({ within: (t, py) => inside(part, t, py, y), one: { kind: "vehicle", vehicle, stay } });
      }
      names.push(named(view, vehicle, stay, y));
    }
  }
  drawNames(c, names.filter(Boolean));
  walkers(c, view, height, hits, y);
}

function inside(part, t, py, y) {
  if (t < part.t[0] || t > part.t[1]) return false;
  const of = (points) => {
    let i = 0;
    while (i + 1 < points.length && points[i + 1][0] < t) i++;
    const a = points[i], b = points[Math.min(i + 1, points.length - 1)];
    return y(a[1] + (b[0] > a[0] ? (t - a[0]) / (b[0] - a[0]) : 0) * (b[1] - a[1]));
  };
  const one = of(part.front), two = of(part.rear);
  return py >= Math.min(one, two) - 2 && py <= Math.max(one, two) + 2;
}

// Where the vehicle stands longest in view there is room for its name.
function named(view, vehicle, stay, y) {
  let best = null;
  for (const part of stay.bands) {
    for (let i = 0; i + 1 < part.front.length; i++) {
      const x1 = Math.max(0, view.x(part.front[i][0])), x2 = Math.min(view.width, view.x(part.front[i + 1][0]));
      const moved = Math.abs(part.front[i + 1][1] - part.front[i][1]);
      const score = (x2 - x1) / (1 + moved);
      if (x2 > x1 && moved < 3 && (!best || score > best.score)) {
        const length = vehicle.length / 200;
        const x = part.front[i][1] + (vehicle.end === "yard" ? -length : length);
        best = { score, x: Math.min(x1 + 5, view.width - 130), room: x2 - x1, y: y(Math.max(-layout.wait + 3, Math.min(layout.platform + layout.wait - 3, x))) };
      }
    }
  }
  return best && { ...best, words: [`${vehicle.number}`, vehicle.plate, tonnes(stay.mass_g)] };
}

// Names with the most room first; a name that would lie on another one is said shorter.
function drawNames(c, names) {
  const taken = [];
  for (const name of names.sort((a, b) => b.room - a.room)) {
    for (let n = name.words.length; n > 0; n--) {
      const text = name.words.slice(0, n).join("  ");
      c.font = font(12, 600);
      const right = name.x + c.measureText(text).width;
      if (taken.some((one) => Math.abs(one.y - name.y) < 15 && one.x < right + 4 && name.x < one.right + 4)) continue;
      say(c, text, name.x, name.y, Infinity, { weight: 600, px: 12 });
      taken.push({ ...name, right });
      break;
    }
  }
}

function walkers(c, view, height, hits, y) {
  for (const bar of run.bars) {
    const foot = bar.list === "person" || bar.about.what === "person";
    const until = bar.until ?? run.end;
    if (!foot || until < view.from || bar.from > view.until) continue;
    const edge = bar.about.end === "road" ? layout.platform : 0, out = bar.about.end === "road" ? 1 : -1;
    const where = bar.about.end ? [edge + out * layout.beam, edge + out * (layout.boom + 0.6)] : [(bar.x ?? 10) - 0.4, (bar.x ?? 10) + 0.4];
    const y1 = Math.min(...where.map(y)) - 2, y2 = Math.max(...where.map(y)) + 2;
    box(c, view, bar.from, until, y1, y2 - y1, hatch(c, ink.bad, 3), 3);
    const x = Math.max(view.x(bar.from), 0);
    say(c, "行人 on foot", x + 3, y1 - 7, 120, { colour: ink.bad, weight: 600 });
    hits.push({ x0: view.x(bar.from) - 3, x1: view.x(until) + 3, y0: y1 - 12, y1: y2, one: { kind: "bar", bar } });
  }
}

function readWay(t) {
  const found = [];
  for (const vehicle of vehicles) {
    for (const stay of vehicle.stays) {
      if (t < stay.from || t > stay.until + 20) continue;
      const cm = between(stay.path, t);
      if (cm === undefined) continue;
      const a = between(stay.path, t - 250) ?? cm, b = between(stay.path, t + 250) ?? cm;
      found.push(`${vehicle.number} ${vehicle.plate} ${tonnes(stay.mass_g)}\n  front ${(cm / 100).toFixed(1)} m in, ${((b - a) / 50).toFixed(1)} m/s, ${at(vehicle.minds, t) ?? ""}`);
    }
  }
  return found.join("\n") || "nobody";
}

row("车辆 Vehicles along the lane", "", "", 300, drawWay, readWay, {
  scale: true, note: "bands: front to rear, thin lines: axles; black: boom down; amber: beam says blocked; green: approach lamp; beyond 8 m the road is drawn shorter",
});

// ---- weight

const truth = steps("true"), reading = steps("reading");
const accepted = run.marks.filter((mark) => mark.what === "accepted");
const mostKg = Math.max(5000, ...truth.v, ...reading.v.filter((v) => v !== null), ...vehicles.filter((v) => v.stays.length).map((v) => v.limit_g / 1000)) * 1.12;

function ticks(most, wanted) {
  const raw = most / wanted, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw * 0.999);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

function drawWeight(c, view, height, hits) {
  const y = (kg) => height - 5 - (kg / mostKg) * (height - 12);
  for (const kg of ticks(mostKg, 4)) {
    rule(c, 0, y(kg), view.width, y(kg), ink.hair);
    if (kg) say(c, `${kg / 1000} t`, 3, y(kg) - 6, 60, { colour: ink.soft, px: 10 });
  }
  for (const [from, until, kg] of stretches(reading, view)) {
    if (kg === null) box(c, view, from, until, height - 5, 5, hatch(c, ink.unknown, 3));
  }
  for (const vehicle of vehicles) for (const stay of vehicle.stays) {
    if (stay.until < view.from || stay.from > view.until) continue;
    const limit = y(vehicle.limit_g / 1000);
    rule(c, Math.max(0, view.x(stay.from)), limit, Math.min(view.width, view.x(stay.until)), limit, ink.over, 1, [7, 3]);
    const x = Math.max(0, view.x(stay.from)), right = Math.min(view.width, view.x(stay.until));
    say(c, `limit ${tonnes(vehicle.limit_g)}`, right - 3, limit - 7, right - x - 6, { colour: ink.over, px: 10, align: "right" });
  }
  c.lineJoin = "round";
  c.lineWidth = 4;
  c.strokeStyle = blend(ink.soft, 0.45);
  stairs(c, view, truth, y);
  c.lineWidth = 1.5;
  c.strokeStyle = ink.blue;
  stairs(c, view, reading, y);
  let free = -Infinity;
  for (const mark of accepted) {
    if (mark.at < view.from || mark.at > view.until) continue;
    const x = view.x(mark.at), top = y(mark.g / 1000);
    rule(c, x, top, x, height, ink.ink, 1, [3, 2]);
    c.beginPath(); c.arc(x, top, 4, 0, 7); c.fillStyle = ink.sheet; c.fill();
    c.strokeStyle = ink.ink; c.lineWidth = 1.6; c.stroke();
    if (x > free) free = x + 8 + say(c, `${tonnes(mark.g)} ± ${((mark.u95_g ?? 0) / 1000).toFixed(0)} kg, ${fault(mark)}`, x + 8, height - 20, view.width - x - 10, { weight: 600 });
    hits.push({ x0: x - 7, x1: x + 7, y0: top - 8, y1: height, one: { kind: "accepted", mark } });
  }
}

const fault = (mark) => `fault ${signed((mark.g - mark.true_g) / 1000)} kg`;
const signed = (n) => `${n < 0 ? "−" : "+"}${Math.abs(n).toFixed(Math.abs(n) < 1000 ? 1 : 0)}`;
const kg = (n) => (n === undefined ? "not yet" : n === null ? "blank" : `${n.toLocaleString("en").replaceAll(",", "\u202f")} kg`);

row("重量 Weight", "真值与示值", "truth and reading", 150, drawWeight, (t) => `reading ${kg(at(reading, t))}\ntruth ${kg(at(truth, t))}`,
  { key: [["truth", "wide soft"], ["reading", "thin blue"], ["limit", "dash over"], ["accepted", "ring"]] });

// The reading less the truth, in kg, wherever both are known and the scale calls it steady.
const difference = (() => {
  const motion = steps("motion");
  const t = [...new Set([...truth.t, ...reading.t, ...motion.t])].sort((a, b) => a - b);
  const v = t.map((when) => {
    const one = at(reading, when), two = at(truth, when);
    return one === null || one === undefined || two === undefined || two < 500 || at(motion, when) ? null : one - two;
  });
  return { t, v };
})();
const MOST_KG = 100;

function drawDifference(c, view, height, hits) {
  const y = (n) => height / 2 - (Math.max(-MOST_KG, Math.min(MOST_KG, n)) / MOST_KG) * (height / 2 - 4);
  for (const n of [-50, 0, 50]) rule(c, 0, y(n), view.width, y(n), n ? ink.hair : ink.rule);
  say(c, "+50 kg", 3, y(50), 60, { colour: ink.soft, px: 10 });
  say(c, "−50", 3, y(-50), 60, { colour: ink.soft, px: 10 });
  c.strokeStyle = ink.blue;
  c.lineWidth = 1.2;
  stairs(c, view, difference, y);
  for (const mark of accepted) {
    if (mark.at < view.from || mark.at > view.until) continue;
    const x = view.x(mark.at), n = (mark.g - mark.true_g) / 1000, u = (mark.u95_g ?? 0) / 1000;
    const record = run.records.find((one) => one.instant === mark.at && one.mpe_g);
    if (record) for (const side of [-1, 1]) rule(c, x - 9, y(side * record.mpe_g / 1000), x + 9, y(side * record.mpe_g / 1000), ink.open, 2);
    rule(c, x, y(n - u), x, y(n + u), ink.ink, 2);
    symbol(c, "ring", x, y(n), Math.abs(n) > (record?.mpe_g ?? Infinity) / 1000 ? ink.over : ink.ink);
    hits.push({ x0: x - 8, x1: x + 8, y0: 0, y1: height, one: { kind: "accepted", mark } });
  }
}

row("重量 Weight", "示值误差", "fault when steady", 56, drawDifference, (t) => { const n = at(difference, t); return n === null || n === undefined ? "—" : `${signed(n)} kg`; },
  { key: [["±u95", "bar"], ["±MPE", "mpe"]] });

const WEIGHING_INK = { IDLE: null, RUNNING: "ph2", ACCEPTED: "good", NOT_FULLY_ON: "hold", TAILGATE: "bad", UNSTABLE: "hold", CELL_FAULT: "bad", WITHDRAWN: "bad", DEGRADED: "unknown" };

function weighingInk(value) {
  const key = WEIGHING_INK[value.split(" ")[0]];
  return key === "good" ? blend(ink.within, 0.55) : key ? ink[key] : value.includes("bad") ? ink.bad : null;
}

row("重量 Weight", "称量", "weighing", 18, (c, view, h, hits) => band(c, view, steps("weighing"), 2, h - 4, weighingInk, word, hits),
  (t) => `${word(at(steps("weighing"), t) ?? "")}${at(steps("motion"), t) ? ", motion" : ", steady"}${at(steps("zero"), t) ? ", zero" : ""}, deck ${word(at(steps("deck"), t) ?? "")}`);

// ---- the lane

const phases = steps("phase");
const phaseWord = (name) => run.phases[name] ? `${run.phases[name][0]} ${run.phases[name][1]}` : name;

row("车道 Lane", "阶段", "phase", 26, (c, view, h, hits) => {
  band(c, view, phases, 2, h - 4, phaseInk, phaseWord, hits);
  for (const [from] of stretches(phases, view)) rule(c, view.x(from), 2, view.x(from), h - 2, ink.sheet);
}, (t) => phaseWord(at(phases, t) ?? ""));

function words(name, zh, en, fill = () => ink.hair, height = 18) {
  const track = steps(name);
  if (!track.v.some((value) => value !== "")) return;
  row("车道 Lane", zh, en, height, (c, view, h, hits) => {
    band(c, view, track, 2, h - 4, (value) => (value === "" ? null : fill(value)), (value) => value, hits);
    for (const [from] of stretches(track, view)) rule(c, view.x(from), 2, view.x(from), h - 2, ink.sheet);
  }, (t) => at(track, t) || "—");
}

const decisionInk = (value) => (value.startsWith("release") ? blend(ink.within, 0.35) : value.startsWith("return") ? blend(ink.over, 0.35) : blend(ink.hold, 0.45));

words("outcome", "缘由", "why this phase");
words("decision", "处置", "decision, why", decisionInk, 30);
words("permit", "开闸许可", "permit", () => blend(ink.within, 0.3));
row("车道 Lane", "过车", "passage", 16, (c, view, h) => band(c, view, steps("passage"), 2, h - 4, (n) => (n ? ink.ph1 : null), (n) => `passage ${n}`),
  (t) => (at(steps("passage"), t) ? `passage ${at(steps("passage"), t)}` : "none"));
row("车道 Lane", "记录", "records", 24, (c, view, h, hits) => marks(c, view, run.records, h, hits, (one) => ({
  colour: one.kind === "VOID" || one.over_limit === "over" || one.overload === "over" ? ink.over : one.outcome === "release" ? ink.within : ink.open,
  text: `${one.seq} ${one.kind_zh} ${one.kind_en}${one.outcome ? ` · ${one.outcome}` : ""}${one.gross_g ? ` · ${tonnes(one.gross_g)}` : ""}`,
  sign: "square", weight: 600,
})), (t) => { const kept = run.records.filter((one) => one.at <= t); const last = kept[kept.length - 1]; return last ? `${kept.length}; last ${last.seq} ${last.kind_en} ${last.outcome ?? ""}` : "none yet"; });
if (has("ready", [1])) row("车道 Lane", "账本", "ledger ready", 14, (c, view, h) => band(c, view, steps("ready"), 3, h - 6, (n) => (n ? null : ink.bad), () => "not ready"),
  (t) => (at(steps("ready"), t) ? "ready" : "not ready"));

// ---- the sign, plates, people

const SIGN_INK = { red: "over", green: "within", amber: "open" };
const signs = steps("sign");

row("车道 Lane", "情报板", "sign", 30, (c, view, h, hits) => band(c, view, signs, 2, h - 4,
  (value) => (value ? blend(ink[SIGN_INK[value.split("\n")[0]]], 0.28) : null), (value) => value.split("\n").slice(1).join(" "), hits),
(t) => { const [colour, ...lines] = (at(signs, t) || "dark").split("\n"); return `${lines.join(" / ")} (${colour})`; });
words("plate", "采用车牌", "plate in use", (value) => (value.includes("proposed") ? blend(ink.hold, 0.5) : ink.hair));
const reads = run.marks.filter((mark) => mark.what === "plate");
if (reads.length) row("车道 Lane", "车牌识读", "plates read", 30, (c, view, h, hits) => marks(c, view, reads, h, hits, (one) => ({
  colour: run.vehicles.some((vehicle) => vehicle.plate === one.text) ? ink.blue : ink.bad, text: `${one.text} ${one.view}`, sign: "ring",
})), (t) => at(steps("reads"), t) || "—");
const asked = run.marks.filter((mark) => mark.what === "request" || mark.what === "told off");
if (asked.length) row("车道 Lane", "人员", "people", 22, (c, view, h, hits) => marks(c, view, asked, h, hits, (one) => ({
  colour: ink.open, text: one.what === "request" ? `${word(one.kind)} · ${one.who}: ${one.why}` : `vehicle ${one.vehicle} is told off by voice`, sign: "down",
})), (t) => { const before = asked.filter((one) => one.at <= t).pop(); return before ? `${word(before.kind ?? before.what)}, ${seconds(t - before.at, 1)} s ago` : "—"; });

// ---- the two ends

function drawBoom(end) {
  const parts = angles[end], command = steps(`${end}.command`), position = steps(`${end}.position`), driven = steps(`${end}.driven`);
  return (c, view, h) => {
    const y = (tenths) => h - 11 - (tenths / 900) * (h - 22);
    band(c, view, position, 1, 5, (p) => ({ CLOSED: ink.ph5, OPEN: ink.within, BETWEEN: ink.hold, UNKNOWN: ink.unknown })[p]);
    band(c, view, command, h - 6, 5, (p) => ({ RAISE: ink.within, LOWER: ink.over })[p]);
    for (const [from, until, said] of stretches(driven, view)) {
      if (said === "TORN OFF") { box(c, view, from, until, 7, h - 15, hatch(c, ink.bad)); say(c, "torn off", Math.max(0, view.x(from)) + 5, h / 2, 90, { colour: ink.bad, weight: 600 }); }
      else if (said !== at(command, from) && !dead(from)) box(c, view, from, until, h - 9, 2, ink.bad);
    }
    rule(c, 0, y(0), view.width, y(0), ink.hair);
    rule(c, 0, y(900), view.width, y(900), ink.hair);
    c.strokeStyle = ink.ink;
    c.lineWidth = 1.6;
    c.beginPath();
    for (const part of parts) polyline(c, view, part, y);
    c.stroke();
  };
}

// True above, said below; where they differ a line of alarm runs between them.
function drawPair(truly, said, fill) {
  return (c, view, h) => {
    const half = (h - 4) / 2;
    band(c, view, truly, 2, half, (v) => fill(v, true));
    band(c, view, said, 2 + half, half, (v) => fill(v, false));
    for (const [from, until] of unlike(truly, said)) {
      if (until >= view.from && from <= view.until) box(c, view, from, until, h / 2 - 1, 2, ink.bad, 1.5);
    }
  };
}

const unlikes = new Map();

function unlike(one, two) {
  const key = one;
  if (unlikes.has(key)) return unlikes.get(key);
  const times = [...new Set([...one.t, ...two.t])].sort((a, b) => a - b), found = [];
  times.forEach((t, i) => {
    const until = i + 1 < times.length ? times[i + 1] : run.end;
    // A sensor is read before the world moves on, so that one scan of difference is none.
    if (at(one, t) !== at(two, t) && until - t > 20) found.push([t, until]);
  });
  unlikes.set(key, found);
  return found;
}

const presenceInk = (value, truly) => (value === 2 ? (truly ? ink.blocked : ink.ph4) : value === 0 ? hatchInk : null);
let hatchInk = null;

function presence(group, device, zh, en) {
  const truly = steps(device), said = steps(`${device}.said`);
  if (!said.v.length || said.v.every((v) => v === 3)) return;
  row(group, zh, en, 17, drawPair(truly, said, presenceInk), (t) => {
    const a = PRESENCE[at(truly, t)] ?? "—", b = PRESENCE[at(said, t)] ?? "—";
    return a === b ? a : `truly ${a}, says ${b}`;
  }, { devices: [device] });
}

for (const [end, zh] of Object.entries(ENDS)) {
  const group = `${zh} ${end[0].toUpperCase()}${end.slice(1)} end`;
  const parts = angles[end];
  row(group, "道闸", "boom", 54, drawBoom(end), (t) => {
    const angle = between(parts, t), driven = at(steps(`${end}.driven`), t);
    return `${angle === undefined ? "—" : `${(angle / 10).toFixed(0)}°`}, says ${word(at(steps(`${end}.position`), t) ?? "")}\n${word(at(steps(`${end}.command`), t) ?? "")} commanded${driven !== at(steps(`${end}.command`), t) ? `, driven ${word(driven ?? "")}` : ""}`;
  }, { note: "upper half: truth, lower half: what the device says; red line: they differ; hatched: unknown", devices: [`${end}.boom`], key: [["position said", "top"], ["angle", "ink"], ["command", "bottom"]] });
  presence(group, `${end}.beam_low`, "低光幕", "beam, axle");
  presence(group, `${end}.beam_high`, "高光幕", "beam, body");
  presence(group, `${end}.arm`, "闸下线圈", "arm loop");
  presence(group, `${end}.approach`, "来车线圈", "approach loop");
  for (const [face, faceZh, faceEn] of [["approach", "进口灯", "lamp, approach"], ["deck", "秤上灯", "lamp, deck"]]) {
    const name = `${end}.${face}_lamp`;
    row(group, faceZh, faceEn, 15, drawPair(steps(name), steps(`${name}.wanted`), (green) => (green ? ink.within : blend(ink.over, 0.35))),
      (t) => { const a = at(steps(name), t), b = at(steps(`${name}.wanted`), t); return `${a ? "green" : "red"}${a === b ? "" : ` (${b ? "green" : "red"} wanted)`}`; }, { devices: [name] });
  }
}

// ---- trouble

const troubles = new Map();
for (const bar of run.bars) {
  const name = bar.about.device ?? (bar.list === "kill" ? "process" : bar.list === "person" ? `on foot, ${bar.about.end ?? ""}` : `${bar.list} ${bar.about.what ?? bar.about.kind ?? ""}`.trim());
  if (!troubles.has(name)) troubles.set(name, []);
  troubles.get(name).push(bar);
}

function barText(bar) {
  const { device, from, until, at: planned, ...rest } = bar.about;
  if (bar.list === "kill") return `planned: ${Object.entries(rest).map(([key, value]) => `${key} ${value}`).join(", ")}`;
  return Object.values(rest).join(" ");
}

for (const [name, bars] of troubles) {
  row("故障 Trouble", "", name, 18, (c, view, h, hits) => {
    for (const bar of bars) {
      // A death may wait for its moment in a scan: the plan is a mark, what came of it the dark stripe.
      const planned = bar.list === "kill", until = planned ? bar.from : bar.until ?? run.end;
      if (until < view.from || bar.from > view.until) continue;
      const colour = planned ? ink.soft : bar.list === "fault" ? ink.bad : ink.hold;
      if (!planned) box(c, view, bar.from, until, 2, h - 4, blend(colour, 0.5), 2);
      rule(c, view.x(bar.from), 1, view.x(bar.from), h - 1, colour, 2);
      const x = Math.max(0, view.x(bar.from));
      say(c, barText(bar), x + 5, h / 2 + 0.5, planned ? 180 : Math.max(view.x(until), 0) - x - 6, { halo: null, colour: planned ? ink.soft : ink.ink });
      hits.push({ x0: view.x(bar.from) - 3, x1: view.x(until) + 3, y0: 0, y1: h, one: { kind: "bar", bar } });
    }
  }, (t) => bars.filter((bar) => bar.from <= t && t < (bar.until ?? run.end)).map(barText).join(", ") || "—");
}

for (const alarm of run.alarms) {
  row("报警 Alarms", alarm.zh, `${alarm.code} ${word(alarm.name)}`, 16, (c, view, h, hits) => {
    for (const [from, until] of alarm.spans) {
      if (until < view.from || from > view.until) continue;
      box(c, view, from, until, 3, h - 6, ink.bad, 1.5);
      const x = Math.max(0, view.x(from));
      say(c, alarm.meaning, x + 5, h / 2 + 0.5, Math.min(view.width, view.x(until)) - x - 8, { halo: null, colour: ink.sheet });
      hits.push({ x0: view.x(from) - 3, x1: view.x(until) + 3, y0: 0, y1: h, one: { kind: "alarm", alarm, from, until } });
    }
  }, (t) => (alarm.spans.some(([from, until]) => from <= t && t < until) ? alarm.meaning : "—"));
}

const touches = run.marks.filter((mark) => mark.what === "touch");
if (touches.length) row("报警 Alarms", "碰触", "boom touched", 22, (c, view, h, hits) => marks(c, view, touches, h, hits, (one) => ({
  colour: ink.over, text: one.by_boom ? `${one.end} boom falls on ${one.who}` : `${one.who} drives against the ${one.end} boom`, weight: 600,
})), (t) => String(touches.filter((one) => one.at <= t).length));
if (has("estop.said", [1, 3]) || has("estop", [1])) presence("报警 Alarms", "estop", "急停", "emergency stop");
if (has("wall", [0, null]) || has("wall.quality", ["SYNCHRONISED"])) {
  row("报警 Alarms", "墙钟", "clock on the wall", 16, (c, view, h) => band(c, view, steps("wall"), 3, h - 6, (n) => (n ? ink.unknown : null), (n) => `${signed(n / 10)} s`),
    (t) => `${signed((at(steps("wall"), t) ?? 0) / 10)} s off, ${word(at(steps("wall.quality"), t) ?? "")}`);
}
