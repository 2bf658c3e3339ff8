// Where the vehicles are.

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
