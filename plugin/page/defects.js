// Defects to accept or reject: the list as it was analysed, changed here, and taken back as a file.
"use strict";
(() => {
  const given = JSON.parse(document.getElementById("defects-list").textContent);
  const rows = document.getElementById("defect-rows");
  const counted = document.getElementById("defect-count");
  const used = (entry) => entry.use !== false;
  const [left, top] = given.offset;

  // What is to be seen in a frame: the entry itself, which is changed in place, and where it is.
  const at = (number) => {
    const found = (given.list.dirt[number] || []).map((entry) => ({
      entry, use: used(entry), what: "dirt", box: [entry.box[0] + left, entry.box[1] + top, entry.box[2], entry.box[3]],
    }));
    for (const entry of given.list.scratches) {
      const place = entry.columns[number];
      if (place === undefined) continue;
      const facts = typeof place === "number" ? { column: place } : place;
      const width = facts.width || entry.width || 3;
      const [first, last] = facts.rows || [0, given.list.size[1]];
      const x = facts.column - width / 2 + left;
      found.push({ entry, use: used(entry), what: "scratch, over the shot", box: [x, first + top, width, last - first] });
    }
    return found;
  };

  const count = () => {
    const all = [...Object.values(given.list.dirt).flat(), ...given.list.scratches];
    const out = all.filter((entry) => !used(entry)).length;
    counted.textContent = `${all.length} defects, ${out} rejected`;
  };

  let shown = null;
  const show = (number) => {
    if (number === shown) return;
    shown = number;
    rows.replaceChildren(...at(number).map(({ entry, use, what, box }, index) => {
      const row = document.createElement("li"), label = document.createElement("label");
      const tick = document.createElement("input");
      tick.type = "checkbox";
      tick.checked = use;
      tick.addEventListener("change", () => { entry.use = tick.checked; count(); window.viewer.draw(); });
      const [x, y, width, height] = box.map((v) => Math.round(v));
      const name = entry.number === undefined ? index + 1 : entry.number;
      label.append(tick, ` ${name}: ${what}, ${width}x${height} pixels at ${x}, ${y}`);
      row.append(label);
      return row;
    }));
    if (!rows.children.length) rows.textContent = "Nothing was found in this frame.";
  };

  document.addEventListener("shown", (event) => show(event.detail));
  document.getElementById("take-back").addEventListener("click", () => {
    const text = JSON.stringify(given.list, null, 1) + "\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = given.name;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  window.defects = { at };
  count();
})();
