(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const charts = [...document.querySelectorAll("figure > svg")];
  const kg = (value) => value.toLocaleString("en", { maximumFractionDigits: 1 }).replaceAll(",", "\u202f");
  const last = (times, at) => {
    let low = 0, high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= at) low = middle + 1; else high = middle;
    }
    return low - 1;
  };
  const words = (at) => {
    const i = Math.max(0, last(data.t, at)), j = last(data.et, at);
    const lines = [`${data.t[i].toFixed(2)} s`, `load ${kg(data.sum[i])} kg`];
    if (j >= 0) lines.push(`estimate ${kg(data.e[j])} ± ${kg(data.u[j])} kg`);
    return lines.concat(data.cells.map((cell, n) => `cell ${n}: ${kg(cell[i])} kg`)).join("\n");
  };
  const place = (chart, at) => {
    const { low, high, start, end } = chart.dataset;
    const x = +start + (at - low) / (high - low) * (end - start);
    const hover = chart.querySelector(".hover");
    hover.setAttribute("x1", x);
    hover.setAttribute("x2", x);
    hover.style.visibility = at >= +low && at <= +high ? "visible" : "hidden";
  };
  const leave = () => {
    tip.hidden = true;
    charts.forEach((chart) => { chart.querySelector(".hover").style.visibility = "hidden"; });
  };
  charts.forEach((chart) => {
    chart.addEventListener("pointermove", (event) => {
      const { low, high, start, end } = chart.dataset;
      const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse());
      const at = +low + (point.x - start) / (end - start) * (high - low);
      if (at < +low || at > +high) { leave(); return; }
      charts.forEach((other) => place(other, at));
      tip.textContent = words(at);
      tip.hidden = false;
      const right = event.clientX > innerWidth / 2;
      tip.style.left = right ? "" : `${event.clientX + 16}px`;
      tip.style.right = right ? `${innerWidth - event.clientX + 16}px` : "";
      tip.style.top = `${Math.min(event.clientY + 12, innerHeight - tip.offsetHeight - 8)}px`;
    });
    chart.addEventListener("pointerleave", leave);
  });
})();
