"use strict";
// Draws the phylogeny and the two curves from the JSON in the page. Text only ever becomes textContent.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [ID, PARENTS, AGENT, OPERATOR, SCORE, OUTCOME, GENERATION, SUBJECT, PRUNED] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const PALETTE = ["#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#0072b2", "#b5a800", "#8c8c8c"];
  const people = data.individuals, count = people.length, best = data.best.length ? data.best[0] : -1;
  const byId = id => document.getElementById(id);
  const canvas = byId("canvas"), context = canvas.getContext("2d");
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const children = people.map(() => []);
  people.forEach((one, i) => one[PARENTS].forEach(p => children[p].push(i)));
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let view = { left: 0, right: Math.max(1, count - 1) }, chosen = best, kin = null, dragged = null;

  // What is worse than the base would flatten the picture: it shares the lowest third, clipped at a quantile.
  const BASE_HEIGHT = 0.3, sign = data.maximize ? 1 : -1;
  const sorted = people.map(one => one[SCORE]).filter(score => score !== null).sort((a, b) => sign * (a - b));
  const worst = sorted.length ? sorted[Math.floor(0.05 * sorted.length)] : 0;
  const finest = best >= 0 ? people[best][SCORE] : worst;
  const middle = data.base !== null && sign * (finest - data.base) > 0 ? data.base : worst;
  const part = (score, low, high) => low === high ? 1 : Math.max(0, Math.min(1, (score - low) / (high - low)));

  function height(one) { // 0 at the bottom to 1 at the top; null for none
    const axis = byId("axis").value;
    if (axis === "agent") return (one[AGENT] + 0.5) / data.agents.length;
    if (axis === "generation") return one[GENERATION] / Math.max(1, deepest);
    if (one[SCORE] === null) return null;
    if (worst === finest) return 0.5;
    if (middle === worst) return part(one[SCORE], worst, finest);
    return BASE_HEIGHT * part(one[SCORE], worst, middle) + (1 - BASE_HEIGHT) * part(one[SCORE], middle, finest) * (sign * (one[SCORE] - middle) >= 0);
  }
  const deepest = people.reduce((most, one) => Math.max(most, one[GENERATION]), 0);
  const colour = one => PALETTE[one[{ agent: AGENT, operator: OPERATOR, outcome: OUTCOME }[byId("colour").value]] % PALETTE.length];
  const across = i => 20 + (i - view.left) / (view.right - view.left) * (canvas.clientWidth - 40);
  function down(one) {
    const up = height(one), tall = canvas.clientHeight;
    return up === null ? tall - 10 : 16 + (1 - up) * (tall - 46);
  }

  function ancestors(i) {
    const found = new Set([i]), open = [i];
    while (open.length) for (const p of people[open.pop()][PARENTS]) if (!found.has(p)) { found.add(p); open.push(p); }
    return found;
  }

  function draw() {
    const ratio = window.devicePixelRatio || 1, wide = canvas.clientWidth, tall = canvas.clientHeight;
    canvas.width = wide * ratio; canvas.height = tall * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, wide, tall);
    const only = byId("kin").checked && chosen >= 0 ? kin : null;
    const first = Math.max(0, Math.floor(view.left) - 1), last = Math.min(count - 1, Math.ceil(view.right) + 1);
    links(first, last, only);
    for (let i = first; i <= last; i++) if (!only || only.has(i)) dot(i);
    if (byId("axis").value === "score" && best >= 0) for (const [score, name] of [[finest, "best "], [middle, middle === data.base ? "base " : ""]]) {
      const one = []; one[SCORE] = score;
      context.fillStyle = css("--dim"); context.font = "11px system-ui, sans-serif";
      context.fillText(name + +score.toPrecision(5), 6, down(one) - 6);
    }
    if (best >= 0) ring(best, css("--text"), 5.5);
    if (chosen >= 0) ring(chosen, css("--link"), 8);
  }
  function links(first, last, only) {
    for (const strong of [false, true]) {
      context.beginPath();
      for (let i = first; i <= last; i++) {
        if ((only && !only.has(i)) || (strong && !(kin && kin.has(i)))) continue;
        for (const p of people[i][PARENTS]) {
          if (strong && !kin.has(p)) continue;
          context.moveTo(across(p), down(people[p])); context.lineTo(across(i), down(people[i]));
        }
      }
      context.strokeStyle = css(strong ? "--link" : "--line");
      context.lineWidth = strong ? 1.4 : 0.7;
      context.stroke();
    }
  }
  function dot(i) {
    const one = people[i], size = one[PARENTS].length > 1 ? 3.4 : 2.6, x = across(i), y = down(one);
    context.globalAlpha = one[PRUNED] ? 0.3 : 1;
    context.fillStyle = context.strokeStyle = colour(one);
    context.lineWidth = 1.2;
    context.beginPath();
    if (one[SCORE] === null) { context.moveTo(x - 2.5, y - 2.5); context.lineTo(x + 2.5, y + 2.5); context.moveTo(x + 2.5, y - 2.5); context.lineTo(x - 2.5, y + 2.5); context.stroke(); }
    else if (one[PARENTS].length > 1) { context.rect(x - size, y - size, 2 * size, 2 * size); context.fill(); }
    else { context.arc(x, y, size, 0, 7); context.fill(); }
    context.globalAlpha = 1;
  }
  function ring(i, style, size) {
    context.beginPath(); context.arc(across(i), down(people[i]), size, 0, 7);
    context.strokeStyle = style; context.lineWidth = 1.8; context.stroke();
  }

  function choose(i, tell) {
    chosen = i; kin = i >= 0 ? ancestors(i) : null;
    describe(); draw();
    if (tell && i >= 0) history.replaceState(null, "", "#" + people[i][ID]);
  }
  function describe() {
    const panel = byId("chosen");
    panel.replaceChildren();
    if (chosen < 0) { panel.textContent = "Nothing is scored yet."; return; }
    const one = people[chosen];
    const score = one[SCORE] === null ? data.outcomes[one[OUTCOME]] || "not evaluated" : String(+one[SCORE].toPrecision(6));
    const lines = [
      (chosen === best ? "best: " : "") + score, one[SUBJECT], "id " + one[ID],
      "agent " + (data.agents[one[AGENT]] || "none"), "operator " + (data.operators[one[OPERATOR]] || "none"),
      "generation " + one[GENERATION] + (one[PRUNED] ? ", pruned" : ""),
      "parents " + (one[PARENTS].map(p => people[p][ID]).join(", ") || "none"), children[chosen].length + " offspring",
    ];
    for (const line of lines) { const p = document.createElement("p"); p.textContent = line; panel.append(p); }
    panel.firstChild.style.fontWeight = "600";
  }
  function nearest(event) {
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    let found = -1, least = 400;
    for (let i = Math.max(0, Math.floor(view.left)); i <= Math.min(count - 1, Math.ceil(view.right)); i++) {
      const away = (across(i) - x) ** 2 + (down(people[i]) - y) ** 2;
      if (away < least) { least = away; found = i; }
    }
    return found;
  }

  function bounded(left, right) {
    const span = Math.max(4, Math.min(right - left, Math.max(4, count - 1)));
    left = Math.max(0, Math.min(left, Math.max(0, count - 1 - span)));
    view = { left, right: left + span };
    draw();
  }
  canvas.addEventListener("wheel", event => {
    event.preventDefault();
    const at = view.left + (event.offsetX - 20) / Math.max(1, canvas.clientWidth - 40) * (view.right - view.left);
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    bounded(at - (at - view.left) * factor, at + (view.right - at) * factor);
  }, { passive: false });
  canvas.addEventListener("pointerdown", event => { dragged = { x: event.clientX, view, moved: false }; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener("pointermove", event => {
    if (!dragged) { const near = nearest(event); canvas.title = near >= 0 ? people[near][ID] + " " + people[near][SUBJECT] : ""; return; }
    const by = (dragged.x - event.clientX) / Math.max(1, canvas.clientWidth - 40) * (dragged.view.right - dragged.view.left);
    if (Math.abs(dragged.x - event.clientX) > 3) dragged.moved = true;
    bounded(dragged.view.left + by, dragged.view.right + by);
  });
  canvas.addEventListener("pointerup", event => {
    const near = dragged && !dragged.moved ? nearest(event) : -1;
    dragged = null;
    if (near >= 0) choose(near, true);
  });
  canvas.addEventListener("keydown", event => {
    if (chosen < 0) return;
    const to = { ArrowLeft: people[chosen][PARENTS][0], ArrowRight: children[chosen][0], ArrowUp: chosen + 1, ArrowDown: chosen - 1, Home: best }[event.key];
    if (to === undefined || to < 0 || to >= count) return;
    event.preventDefault();
    choose(to, true);
    if (to < view.left || to > view.right) bounded(to - (view.right - view.left) / 2, to + (view.right - view.left) / 2);
  });
  byId("controls").addEventListener("submit", event => event.preventDefault());
  for (const id of ["axis", "colour", "kin"]) byId(id).addEventListener("change", draw);
  byId("fit").addEventListener("click", () => bounded(0, count - 1));
  byId("find").addEventListener("change", event => {
    const sought = event.target.value.toLowerCase();
    const found = people.findIndex((one, i) => i > chosen && matches(one, sought));
    const any = found >= 0 ? found : people.findIndex(one => matches(one, sought));
    if (sought && any >= 0) choose(any, true);
  });
  const matches = (one, sought) => one[ID].startsWith(sought) || data.agents[one[AGENT]].toLowerCase() === sought || one[SUBJECT].toLowerCase().includes(sought);

  // ------------------------------------------------------------------ curves

  function shape(svg, name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) made.setAttribute(key, attributes[key]);
    if (text !== undefined) made.textContent = text;
    svg.append(made);
  }
  function plot(svg, lines, dots, label) {
    svg.replaceChildren();
    const wide = svg.clientWidth, tall = svg.clientHeight, box = { left: 62, right: wide - 12, top: 14, bottom: tall - 34 };
    const most = lines.concat([dots]).flatMap(line => line.points.map(p => p[0])).reduce((a, b) => Math.max(a, b), 1);
    const x = value => box.left + value / most * (box.right - box.left);
    const ys = lines.flatMap(line => line.points.map(p => p[1]));
    let low = ys.reduce((a, b) => Math.min(a, b), Infinity), high = ys.reduce((a, b) => Math.max(a, b), -Infinity);
    if (!ys.length) { shape(svg, "text", { x: box.left, y: tall / 2 }, "nothing yet"); return; }
    if (low === high) { low -= 0.5; high += 0.5; }
    const y = value => box.bottom - (value - low) / (high - low) * (box.bottom - box.top);
    for (let i = 0; i <= 4; i++) {
      const value = low + (high - low) * i / 4;
      shape(svg, "line", { x1: box.left, x2: box.right, y1: y(value), y2: y(value), stroke: css("--line") });
      shape(svg, "text", { x: box.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(+value.toPrecision(4)));
    }
    for (let i = 0; i <= 4; i++) shape(svg, "text", { x: x(most * i / 4), y: box.bottom + 16, "text-anchor": "middle" }, String(Math.round(most * i / 4)));
    shape(svg, "text", { x: (box.left + box.right) / 2, y: tall - 4, "text-anchor": "middle" }, label);
    for (const p of dots.points) if (p[1] >= low && p[1] <= high) shape(svg, "circle", { cx: x(p[0]), cy: y(p[1]), r: 1.2, fill: css("--dim"), opacity: 0.5 });
    lines.forEach((line, i) => {
      const path = line.points.map((p, k) => (k ? (line.step ? "H" + x(p[0]) + "V" : "L" + x(p[0]) + " ") : "M" + x(p[0]) + " ") + y(p[1])).join("");
      shape(svg, "path", { d: path, fill: "none", stroke: line.colour, "stroke-width": 1.8 });
      if (line.name) shape(svg, "text", { x: box.left + 8, y: box.top + 12 + 14 * i }, "— " + line.name);
    });
  }
  function curves() {
    const record = [], dots = [];
    let top = null;
    people.forEach((one, i) => {
      if (one[SCORE] === null) return;
      if (count <= 4000 || i % Math.ceil(count / 4000) === 0) dots.push([i, one[SCORE]]);
      if (top === null || (data.maximize ? one[SCORE] > top : one[SCORE] < top)) { top = one[SCORE]; record.push([i, top]); }
    });
    if (record.length) record.push([count - 1, top]);
    plot(byId("fitness"), [{ points: record, step: true, colour: PALETTE[0] }], { points: dots }, "individuals, in order of birth");
    const spent = data.spending, end = spent[spent.length - 1], sums = [[1, "seconds"], [2, "tokens"], [3, "dollars"]].filter(([k]) => end[k] > 0);
    const scaled = sums.map(([k, name], i) => ({ name: name + " (" + +end[k].toPrecision(4) + ")", colour: PALETTE[i], points: spent.map(p => [p[0], p[k] / end[k] * 100]) }));
    plot(byId("cost"), scaled, { points: [] }, "offspring; per cent of the total");
  }

  function redraw() { draw(); curves(); }
  dark.addEventListener("change", redraw);
  addEventListener("resize", redraw);
  const named = people.findIndex(one => location.hash.length > 4 && one[ID].startsWith(location.hash.slice(1)));
  choose(named >= 0 ? named : best, false);
  curves();
  document.documentElement.dataset.ready = String(count);
})();
