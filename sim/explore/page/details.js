// What a mark says of itself.

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
