// Beginning, and whenever the page changes.

const watcher = new IntersectionObserver((found) => {
  for (const entry of found) {
    const made = all.find((one) => one.box === entry.target);
    made.seen = entry.isIntersecting || top_.includes(made);
  }
  dirty();
}, { rootMargin: "300px 0px" });
for (const made of all) watcher.observe(made.box);

function recolour() {
  readInk();
  hatches.clear();
  dirty();
}

// Paper is white, and as wide as a sheet that lies: what is printed is drawn for it, all of it.
const SHEET_PX = 740;

function forPaper(on) {
  document.documentElement.classList.toggle("paper", on);
  readInk();
  hatches.clear();
  if (!on) return measure();
  view.width = SHEET_PX;
  for (const made of all) paint(made);
}

addEventListener("beforeprint", () => forPaper(true));
addEventListener("afterprint", () => forPaper(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
new ResizeObserver(measure).observe(axis.plot);
readInk();
measure();
recall();
