// The two ends.

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
