// Trouble: what the plan lays over time, and every code that stood.

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
