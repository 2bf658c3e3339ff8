// Colours and the few marks that every row is made of.

let ink = {};

function readInk() {
  const style = getComputedStyle(document.documentElement);
  const names = ["paper", "sheet", "ink", "soft", "rule", "hair", "over", "within", "open", "blue", "band",
    "ph1", "ph2", "ph3", "ph4", "ph5", "hold", "bad", "dead", "dead2", "unknown", "deckfill", "blocked",
    "v0", "v1", "v2", "v3", "v4", "v5", "v6", "v7"];
  ink = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  ink.font = style.getPropertyValue("--font").trim();
}

const PHASE_INK = {
  STARTING: "bad", IDLE: "hair", APPROACH: "ph1", BOARDING: "ph2", POSITIONING: "ph3", WEIGHING: "ph4",
  DECIDING: "ph5", RELEASING: "go", DEPARTING: "go", ZERO_CHECK: "ph1", CONFIRMING: "hold", HOLDING: "hold",
  RETURNING: "back", FAULTED: "bad", MANUAL: "hold", EMERGENCY: "bad", LEDGER_AWAY: "bad",
};

function phaseInk(name) {
  const key = PHASE_INK[name] || "bad";
  if (key === "go") return blend(ink.within, 0.55);
  if (key === "back") return blend(ink.over, 0.55);
  if (name === "STARTING") return blend(ink.soft, 0.45);
  return ink[key];
}

// A colour laid thinly over the sheet.
function blend(colour, share) {
  return `color-mix(in srgb, ${colour} ${Math.round(share * 100)}%, ${ink.sheet})`;
}

function font(px, weight = 400) {
  return `${weight} ${px}px ${ink.font}`;
}

// Text with a halo, cut to `room` pixels; returns its width, 0 if there was no room.
function say(c, text, x, y, room, { px = 11, weight = 400, colour = ink.ink, halo = ink.sheet, align = "left" } = {}) {
  c.font = font(px, weight);
  let shown = text, width = c.measureText(shown).width;
  if (width > room) {
    if (room < 26) return 0;
    let low = 0, high = text.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (c.measureText(text.slice(0, middle) + "…").width <= room) low = middle; else high = middle - 1;
    }
    if (low < 2) return 0;
    shown = text.slice(0, low) + "…";
    width = c.measureText(shown).width;
  }
  c.textAlign = align;
  c.textBaseline = "middle";
  if (halo) {
    c.lineWidth = 3;
    c.lineJoin = "round";
    c.strokeStyle = halo;
    c.strokeText(shown, x, y);
  }
  c.fillStyle = colour;
  c.fillText(shown, x, y);
  return width;
}

const hatches = new Map();

function hatch(c, colour, gap = 5) {
  const key = `${colour} ${gap}`;
  if (!hatches.has(key)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = gap * 2;
    const p = tile.getContext("2d");
    p.strokeStyle = colour;
    p.lineWidth = gap * 0.45;
    for (const d of [-gap * 2, 0, gap * 2]) {
      p.beginPath();
      p.moveTo(d - 1, gap * 2 + 1);
      p.lineTo(d + gap * 2 + 1, -1);
      p.stroke();
    }
    hatches.set(key, tile);
  }
  return c.createPattern(hatches.get(key), "repeat");
}

// The stretches of a track that are in view: [from, until, value], the last one until the end.
function* stretches(track, view) {
  for (let i = Math.max(0, place(track.t, view.from)); i < track.t.length && track.t[i] < view.until; i++) {
    const until = i + 1 < track.t.length ? track.t[i + 1] : run.end;
    if (until > view.from) yield [track.t[i], until, track.v[i]];
  }
}

function box(c, view, from, until, y, h, fill, least = 1) {
  const x = Math.max(-2, view.x(from)), right = Math.min(view.width + 2, view.x(until));
  c.fillStyle = fill;
  c.fillRect(x, y, Math.max(least, right - x), h);
}

// A band of one height whose fill tells the value; short stretches are drawn last and never vanish.
function band(c, view, track, y, h, fill, label, hits) {
  const found = [...stretches(track, view)].filter(([, , value]) => fill(value));
  found.sort((a, b) => (b[1] - b[0]) - (a[1] - a[0]));
  for (const [from, until, value] of found) {
    box(c, view, from, until, y, h, fill(value));
    if (hits) hits.push({ x0: view.x(from), x1: view.x(until), y0: y, y1: y + h, one: { kind: "said", text: label(value), from, until } });
  }
  if (!label) return;
  for (const [from, until, value] of found) {
    const x = Math.max(0, view.x(from)) + 4, room = Math.min(view.width, view.x(until)) - x - 2;
    const text = label(value);
    if (text && room > 12) say(c, text, x, y + h / 2 + 0.5, room, { halo: null });
  }
}

// A stepping number as a line: the least and the greatest of each pixel are always on it.
function stairs(c, view, track, toY) {
  c.beginPath();
  let pen = false, column = NaN, low = 0, high = 0, last = 0;
  const flush = () => {
    if (!pen || Number.isNaN(column)) return;
    c.lineTo(column, low); c.lineTo(column, high); c.lineTo(column, last);
  };
  for (const [from, until, value] of stretches(track, view)) {
    if (value === null) { flush(); pen = false; column = NaN; continue; }
    const y = toY(value), x = Math.round(Math.max(-4, view.x(from)) * 2) / 2, right = Math.min(view.width + 4, view.x(until));
    if (!pen) { c.moveTo(x, y); pen = true; column = x; low = high = last = y; }
    else if (x !== column) { flush(); c.lineTo(x, last); column = x; low = Math.min(last, y); high = Math.max(last, y); last = y; }
    else { low = Math.min(low, y); high = Math.max(high, y); last = y; }
    if (right - x > 1) { flush(); c.lineTo(right, y); column = NaN; c.moveTo(right, y); column = right; low = high = last = y; }
  }
  flush();
  c.stroke();
}

function polyline(c, view, part, toY, first = true) {
  const from = Math.max(0, place(part.t, view.from)), last = part.t.length - 1;
  let i = from;
  for (; i <= last; i++) {
    const x = view.x(part.t[i]), y = toY(part.v[i]);
    if (i === from && first) c.moveTo(x, y); else c.lineTo(x, y);
    if (part.t[i] > view.until) break;
  }
}

function rule(c, x1, y1, x2, y2, colour, width = 1, dash = []) {
  c.strokeStyle = colour;
  c.lineWidth = width;
  c.setLineDash(dash);
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x2, y2);
  c.stroke();
  c.setLineDash([]);
}

// Where the lane was dead nobody looked: nothing that was drawn there counts.
function stripes(c, view, height, label) {
  for (const [from, until, why] of run.gaps) {
    if (until < view.from || from > view.until) continue;
    const x = view.x(from), w = Math.max(2, view.x(until) - x);
    c.fillStyle = ink.dead;
    c.fillRect(x, 0, w, height);
    c.fillStyle = hatch(c, ink.dead2);
    c.fillRect(x, 0, w, height);
    if (label && w > 60) say(c, `${why} ${seconds(until - from)} s`, x + w / 2, height / 2, w, { halo: ink.dead, colour: ink.paper, align: "center" });
  }
}

function flags(c, view, height) {
  for (const found of run.findings) {
    if (found.at < view.from || found.at > view.until) continue;
    rule(c, view.x(found.at), 0, view.x(found.at), height, ink.over, 1, [4, 3]);
  }
}

// Marks beside each other with as much of their text as fits before the next one.
function marks(c, view, found, height, hits, shape) {
  const inView = found.filter((one) => one.at >= view.from - 1 && one.at <= view.until + 1).sort((a, b) => a.at - b.at);
  inView.forEach((one, i) => {
    const x = view.x(one.at), next = i + 1 < inView.length ? view.x(inView[i + 1].at) : view.width + 200;
    const { colour, text, sign = "diamond", weight = 400 } = shape(one);
    const room = next - x - 14;
    if (text) say(c, text, x + 8, height / 2 + 0.5, room, { colour, weight });
    symbol(c, sign, x, height / 2, colour);
    hits.push({ x0: x - 7, x1: x + Math.max(8, Math.min(room, 160)), y0: 0, y1: height, one });
  });
}

function symbol(c, sign, x, y, colour) {
  c.fillStyle = colour;
  c.strokeStyle = ink.sheet;
  c.lineWidth = 1;
  c.beginPath();
  if (sign === "diamond") { c.moveTo(x, y - 6); c.lineTo(x + 5, y); c.lineTo(x, y + 6); c.lineTo(x - 5, y); }
  else if (sign === "square") c.rect(x - 4.5, y - 4.5, 9, 9);
  else if (sign === "down") { c.moveTo(x - 5, y - 5); c.lineTo(x + 5, y - 5); c.lineTo(x, y + 5); }
  else c.arc(x, y, 4.5, 0, 7);
  c.closePath();
  c.fill();
  c.stroke();
}
