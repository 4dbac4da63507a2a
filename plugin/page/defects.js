// Defects to accept or reject: the list as it was analysed, changed here, and taken back as a file.
"use strict";
(() => {
  const given = JSON.parse(document.getElementById("defects-list").textContent);
  const rows = document.getElementById("defect-rows");
  const counted = document.getElementById("defect-count");
  const used = (entry) => entry.use !== false;
  const [left, top] = given.offset;

  const ends = (entry) => {
    const frames = Object.keys(entry.columns).map(Number);
    return [entry.first ?? Math.min(...frames), entry.last ?? Math.max(...frames)];
  };

  // Where a scratch is repaired in a frame, as interneg.defects.tracks has it; null for nowhere.
  const placeOf = (entry, number) => {
    const facts = (n) => (typeof entry.columns[n] === "number" ? { column: entry.columns[n] } : entry.columns[n]);
    const frames = Object.keys(entry.columns).map(Number).sort((a, b) => a - b);
    const [first, last] = ends(entry);
    if (number < first || number > last) return null;
    if (frames.includes(number)) return facts(number);
    if (!entry.forced) return null;
    const before = frames.filter((n) => n < number).pop(), after = frames.find((n) => n > number);
    if (before === undefined || after === undefined) return facts(before ?? after);
    const share = (number - before) / (after - before);
    return { ...facts(before), column: facts(before).column + share * (facts(after).column - facts(before).column) };
  };

  // Whether a scratch is repaired in frames in which it was not found, too, and from which frame to which.
  const reach = (entry, name) => {
    const label = document.createElement("label"), tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = entry.forced === true;
    tick.addEventListener("change", () => { entry.forced = tick.checked; unsaved = true; window.viewer.draw(); });
    label.append(tick, " forced: in every frame from first to last");
    const fields = ["first", "last"].map((end, k) => {
      const field = document.createElement("input");
      field.type = "number";
      field.size = 6;
      field.value = ends(entry)[k];
      field.ariaLabel = `${end} frame of scratch ${name}`;
      field.addEventListener("change", () => {
        const asked = ends(entry);
        asked[k] = Math.round(field.valueAsNumber);
        if (asked[0] <= asked[1]) [entry[end], unsaved] = [asked[k], true];
        field.value = ends(entry)[k];
        window.viewer.draw();
      });
      return field;
    });
    return [document.createElement("br"), label, " ", fields[0], " to ", fields[1]];
  };

  // What is to be seen in a frame: the entry itself, which is changed in place, and where it is.
  const at = (number) => {
    const found = (given.list.dirt[number] || []).map((entry) => ({
      entry, use: used(entry), what: "dirt", box: [entry.box[0] + left, entry.box[1] + top, entry.box[2], entry.box[3]],
    }));
    for (const entry of given.list.scratches) {
      const place = placeOf(entry, Number(number));
      if (place === null) continue;
      const width = place.width || entry.width || 3;
      const [first, last] = place.rows || [0, given.list.size[1]];
      const x = place.column - width / 2 + left;
      found.push({ entry, use: used(entry), what: "scratch, over the shot", box: [x, first + top, width, last - first] });
    }
    return found;
  };

  const count = () => {
    const all = [...Object.values(given.list.dirt).flat(), ...given.list.scratches];
    const out = all.filter((entry) => !used(entry)).length;
    counted.textContent = `${all.length} defects, ${out} rejected`;
  };

  const nameOf = (entry, index) => (entry.number === undefined ? index + 1 : entry.number);

  let shown = null, pointed = null, unsaved = false;
  const decide = (entries, use) => {
    for (const entry of entries) entry.use = use;
    unsaved = true;
    for (const tick of rows.querySelectorAll("input")) if (tick.entry) tick.checked = used(tick.entry);
    count();
    window.viewer.draw();
  };
  const point = (entry) => { pointed = entry; window.viewer.draw(); };

  const show = (number) => {
    if (number === shown) return;
    [shown, pointed] = [number, null];
    rows.replaceChildren(...at(number).map(({ entry, use, what, box }, index) => {
      const row = document.createElement("li"), label = document.createElement("label");
      const tick = document.createElement("input"), look = document.createElement("button");
      const name = nameOf(entry, index);
      Object.assign(tick, { type: "checkbox", checked: use, entry });
      tick.addEventListener("change", () => decide([entry], tick.checked));
      const [x, y, width, height] = box.map((v) => Math.round(v));
      label.append(tick, ` ${name}: ${what}, ${width}x${height} pixels at ${x}, ${y}`);
      Object.assign(look, { type: "button", className: "link", textContent: "look" });
      look.setAttribute("aria-label", `Look at ${name}`);
      look.addEventListener("click", () => {
        pointed = entry;
        window.viewer.lookAt(box[0] + box[2] / 2, box[1] + box[3] / 2);
      });
      row.append(label, " ", look, ...(entry.columns ? reach(entry, name) : []));
      row.addEventListener("mouseenter", () => point(entry));
      row.addEventListener("focusin", () => point(entry));
      row.addEventListener("mouseleave", () => point(null));
      return row;
    }));
    if (!rows.children.length) rows.textContent = "Nothing was found in this frame.";
  };

  // Boxes lie two pixels of the screen outside what was found.
  const onScreen = ([x, y, width, height], { left, top, scale }) =>
    [left + x * scale - 2, top + y * scale - 2, width * scale + 4, height * scale + 4];

  const outline = (context, number, where, ratio) => {
    context.font = `${11 * ratio}px system-ui, sans-serif`;
    context.textAlign = "left";
    at(number).forEach(({ entry, use, box }, index) => {
      const [x, y, width, height] = onScreen(box, where);
      context.lineWidth = (entry === pointed ? 3.5 : 1.5) * ratio;
      context.strokeStyle = context.fillStyle = use ? "#ff4040" : "#b4b4ba";
      context.setLineDash(use ? [] : [4 * ratio, 3 * ratio]);
      context.strokeRect(x, y, width, height);
      context.setLineDash([]);
      context.lineWidth = 3 * ratio;
      context.strokeStyle = "#000000a0";
      const words = [String(nameOf(entry, index)), x + width + 3 * ratio, y + 9 * ratio];
      context.strokeText(...words);
      context.fillText(...words);
    });
  };

  // The smallest box under a place of the screen.
  const under = (number, where, x, y) => {
    const hit = at(number).filter(({ box }) => {
      const [left, top, width, height] = onScreen(box, where);
      return x >= left - 2 && x <= left + width + 2 && y >= top - 2 && y <= top + height + 2;
    });
    return hit.sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3])[0];
  };

  document.addEventListener("shown", (event) => show(event.detail));
  document.getElementById("reject-all").addEventListener("click", () => decide(at(shown).map((f) => f.entry), false));
  document.getElementById("accept-all").addEventListener("click", () => decide(at(shown).map((f) => f.entry), true));
  window.addEventListener("beforeunload", (event) => { if (unsaved) event.preventDefault(); });
  document.getElementById("take-back").addEventListener("click", () => {
    const text = JSON.stringify(given.list, null, 1) + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = given.name;
    link.click();
    URL.revokeObjectURL(link.href);
    unsaved = false;
  });
  window.defects = { outline, under, turn: ({ entry, use }) => decide([entry], !use) };
  count();
})();
