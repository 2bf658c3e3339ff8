// The lane, the sign, plates, people.

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
