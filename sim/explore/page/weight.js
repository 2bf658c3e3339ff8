// Weight.

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
