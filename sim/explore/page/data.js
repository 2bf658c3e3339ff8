"use strict";
// The run as it was embedded; times are ms of the yard's clock.

const run = JSON.parse(document.getElementById("run").textContent);

function sums(differences) {
  let sum = 0;
  return differences.map((d) => (sum += d));
}

// A value that steps: v[i] stands from t[i] on.
const tracks = new Map();

function steps(name) {
  if (!tracks.has(name)) tracks.set(name, unpacked(run.steps[name]));
  return tracks.get(name);
}

function unpacked(kept) {
  if (!kept) return { t: [], v: [] };
  return { t: sums(kept.t), v: kept.w ? kept.v.map((i) => kept.w[i]) : kept.v };
}

// A line in parts; between two parts nobody looked.
function line(parts) {
  return parts.map((part) => ({ t: sums(part.t), v: sums(part.v) }));
}

// The last place whose time is not after `t`, or -1.
function place(times, t) {
  let low = 0, high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] <= t) low = middle + 1; else high = middle;
  }
  return low - 1;
}

function at(track, t) {
  const i = place(track.t, t);
  return i < 0 ? undefined : track.v[i];
}

function between(parts, t) {
  for (const part of parts) {
    const i = place(part.t, t);
    if (i < 0) return undefined;
    if (i + 1 < part.t.length) {
      const share = (t - part.t[i]) / (part.t[i + 1] - part.t[i]);
      return part.v[i] + share * (part.v[i + 1] - part.v[i]);
    }
    if (t - part.t[i] <= 20) return part.v[i];
  }
  return undefined;
}

function dead(t) {
  return run.gaps.find(([from, until]) => from <= t && t < until)?.[2];
}

const seconds = (ms, places = 2) => (ms / 1000).toFixed(places);

function clock(ms, places = 2) {
  const minutes = Math.floor(ms / 60000);
  return `${minutes}:${seconds(ms - minutes * 60000, places).padStart(places ? places + 3 : 2, "0")}`;
}

// Beijing time, which is what the yard's clock on the wall shows.
function wall(ms) {
  return new Date(run.wall + ms + 8 * 3600e3).toISOString().slice(11, 22);
}

const tonnes = (g) => `${(g / 1e6).toFixed(2)} t`;
const kilograms = (g) => `${(g / 1e3).toLocaleString("en", { maximumFractionDigits: 1 }).replaceAll(",", "\u202f")} kg`;
const word = (name) => String(name).toLowerCase().replaceAll("_", " ");
