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
