// The viewer of a page: before and after under a wipe, frame by frame, down to the pixel.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("shot").textContent);
  const canvas = document.getElementById("picture");
  const context = canvas.getContext("2d");
  const wipe = document.getElementById("wipe");
  const zoomed = document.getElementById("zoom");
  const mode = document.getElementById("mode");
  const stepper = document.getElementById("frame");
  const told = document.getElementById("told");
  const boxes = document.getElementById("boxes");
  const frames = data.frames;
  const order = data.worst;
  const state = { at: frames.findIndex((f) => f.number === order[0]), zoom: 0, x: 0.5, y: 0.5, hold: false };
  const loaded = new Map();

  const image = (source) => {
    if (!source) return null;
    if (!loaded.has(source)) {
      if (loaded.size > 800) loaded.clear();
      const made = new Image();
      made.onload = draw;
      made.src = source;
      loaded.set(source, made);
    }
    const found = loaded.get(source);
    return found.complete && found.naturalWidth ? found : null;
  };

  const layers = () => [...document.querySelectorAll("[data-layer]")].filter((box) => box.checked);

  // Where the picture lies on the canvas, in device pixels.
  const place = () => {
    const [width, height] = data.size;
    const fit = Math.min(canvas.width / width, canvas.height / height);
    const scale = state.zoom || fit;
    const across = width * scale, down = height * scale;
    const left = across <= canvas.width ? (canvas.width - across) / 2 : canvas.width / 2 - state.x * across;
    const top = down <= canvas.height ? (canvas.height - down) / 2 : canvas.height / 2 - state.y * down;
    return { scale, left: Math.round(left), top: Math.round(top), across, down };
  };

  // The same for places in the input, which is smaller where the render enlarges.
  const boxScale = (where) => ({ ...where, scale: where.scale * data.enlarged });

  // From where to where the wipe goes: over what is seen of the picture.
  const span = (where) => {
    const left = Math.max(0, where.left);
    return [left, Math.min(canvas.width, where.left + where.across) - left];
  };

  function draw() {
    const ratio = window.devicePixelRatio || 1;
    const [across, down] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
    if (canvas.width !== across || canvas.height !== down) [canvas.width, canvas.height] = [across, down];
    const frame = frames[state.at], where = place();
    const before = image(frame.before), after = image(frame.after);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingEnabled = where.scale < 1;
    const shown = state.hold ? "before" : mode.value;
    const edge = shown === "before" ? 1 : shown === "after" ? 0 : Number(wipe.value) / 100;
    const [start, length] = span(where);
    const split = Math.round(start + edge * length);
    const whole = (picture) => context.drawImage(picture, where.left, where.top, where.across, where.down);
    const within = (left, right, picture) => {
      if (!picture || right <= left) return;
      context.save();
      context.beginPath();
      context.rect(left, 0, right - left, canvas.height);
      context.clip();
      whole(picture);
      context.restore();
    };
    if (shown === "difference") {
      if (before && after) {
        context.filter = "none";
        whole(before);
        context.globalCompositeOperation = "difference";
        whole(after);
        context.globalCompositeOperation = "source-over";
        context.filter = "brightness(800%)";
        context.drawImage(canvas, 0, 0);
        context.filter = "none";
      }
    } else {
      within(0, split, before);
      within(split, canvas.width, after);
      if (shown === "wipe") {
        context.fillStyle = "#ffb020";
        const [from, to] = [Math.max(0, where.top), Math.min(canvas.height, where.top + where.down)];
        context.fillRect(split - ratio, from, 2 * ratio, to - from);
        context.beginPath();
        context.arc(split, (from + to) / 2, 7 * ratio, 0, 2 * Math.PI);
        context.fill();
        context.font = `${12 * ratio}px system-ui, sans-serif`;
        label("before", split - 8 * ratio, to - 10 * ratio, "right");
        label("after", split + 8 * ratio, to - 10 * ratio, "left");
      }
    }
    for (const box of layers()) {
      const matte = image(frame.overlays[box.dataset.layer]);
      if (matte) whole(matte);
    }
    if (boxes && boxes.checked) window.defects.outline(context, frame.number, boxScale(where), ratio);
    document.dispatchEvent(new CustomEvent("shown", { detail: frame.number }));
  }

  function label(text, x, y, side) {
    context.textAlign = side;
    context.lineWidth = 3 * (window.devicePixelRatio || 1);
    context.strokeStyle = "#000000a0";
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  }

  function tell() {
    const frame = frames[state.at];
    const scale = place().scale;
    const size = state.zoom ? `${Math.round(scale * 100)} %` : `fit, ${Math.round(scale * 100)} %`;
    told.textContent = `Frame ${frame.number}, ${state.at + 1} of ${frames.length}; no. ` +
      `${order.indexOf(frame.number) + 1} of the ${data.ranked}. ${frame.says} ${size}` +
      (frame.full ? "." : "; a reduced picture, enlarged.");
    canvas.setAttribute("aria-label", `Frame ${frame.number}, before on the left of the wipe and after on the right`);
    stepper.value = state.at;
    stepper.setAttribute("aria-valuetext", `frame ${frame.number}`);
    for (const link of document.querySelectorAll("[data-frame]")) {
      const here = Number(link.dataset.frame) === frame.number;
      link.toggleAttribute("aria-current", here);
      if (here && link.scrollIntoView && link.closest(".strip"))
        link.closest(".strip").scrollLeft = link.offsetLeft - link.closest(".strip").clientWidth / 2;
    }
    for (const cursor of document.querySelectorAll(".cursor")) {
      const x = cursor.dataset.left * 1 + cursor.dataset.step * (frame.number - cursor.dataset.first);
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
    }
  }

  const refresh = () => { draw(); tell(); };
  const go = (index) => { state.at = Math.max(0, Math.min(frames.length - 1, index)); refresh(); };
  const goTo = (number) => {
    const near = frames.map((f, i) => [Math.abs(f.number - number), i]).sort((a, b) => a[0] - b[0]);
    go(near[0][1]);
  };
  const zoomTo = (value) => {
    state.zoom = value;
    zoomed.value = [...zoomed.options].some((o) => Number(o.value) === value) ? String(value) : "";
    refresh();
  };
  const zoomBy = (factor) => {
    const steps = [0.25, 0.5, 1, 2, 4, 8, 16];
    const now = place().scale;
    zoomTo(factor > 1 ? steps.find((s) => s > now * 1.01) || 16 : steps.findLast((s) => s < now * 0.99) || 0.25);
  };
  const moveWipe = (value) => { wipe.value = Math.max(0, Math.min(100, value)); mode.value = "wipe"; draw(); };

  let dragged = null;
  const at = (event) => {
    const ratio = window.devicePixelRatio || 1, inside = canvas.getBoundingClientRect();
    return [(event.clientX - inside.left) * ratio, (event.clientY - inside.top) * ratio];
  };
  const boxAt = (x, y) => boxes && boxes.checked && window.defects.under(frames[state.at].number, boxScale(place()), x, y);
  canvas.addEventListener("pointerdown", (event) => {
    const [x, y] = at(event), where = place();
    canvas.focus();
    const box = boxAt(x, y);
    if (box) { window.defects.turn(box); return; }
    const [start, length] = span(where);
    const line = start + (Number(wipe.value) / 100) * length;
    const onLine = Math.abs(x - line) < 14 * (window.devicePixelRatio || 1);
    dragged = { x, y, pan: mode.value !== "wipe" || (state.zoom && !onLine), moved: false };
    canvas.setPointerCapture(event.pointerId);
    if (!dragged.pan) moveWipe(((x - start) / length) * 100);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = at(event), where = place();
    if (!dragged) { canvas.style.cursor = boxAt(x, y) ? "pointer" : ""; return; }
    if (dragged.pan) {
      state.x = Math.max(0, Math.min(1, state.x - (x - dragged.x) / where.across));
      state.y = Math.max(0, Math.min(1, state.y - (y - dragged.y) / where.down));
      [dragged.x, dragged.y] = [x, y];
      draw();
    } else {
      const [start, length] = span(where);
      moveWipe(((x - start) / length) * 100);
    }
  });
  canvas.addEventListener("pointerup", () => { dragged = null; });
  canvas.addEventListener("dblclick", (event) => {
    const [x, y] = at(event), where = place();
    [state.x, state.y] = [(x - where.left) / where.across, (y - where.top) / where.down];
    zoomTo(state.zoom ? 0 : 4);
  });
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(event.deltaY < 0 ? 2 : 0.5);
  }, { passive: false });

  const keys = {
    ArrowRight: () => go(state.at + 1), ArrowLeft: () => go(state.at - 1),
    Home: () => go(0), End: () => go(frames.length - 1),
    ",": () => moveWipe(Number(wipe.value) - 2), ".": () => moveWipe(Number(wipe.value) + 2),
    "+": () => zoomBy(2), "-": () => zoomBy(0.5), 0: () => zoomTo(0), 1: () => zoomTo(1), 4: () => zoomTo(4),
    n: () => goTo(order[(order.indexOf(frames[state.at].number) + 1) % order.length]),
    d: () => { mode.value = mode.value === "difference" ? "wipe" : "difference"; draw(); },
    o: () => { for (const box of document.querySelectorAll("[data-layer]")) box.checked = !box.checked; draw(); },
    b: () => { state.hold = true; draw(); },
    x: () => { if (boxes) boxes.checked = !boxes.checked; draw(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.tagName === "SELECT" || event.target.type === "number") return;
    if (event.target.type === "range" && /^(Arrow|Home|End)/.test(event.key)) return;
    const act = keys[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  document.addEventListener("keyup", (event) => { if (event.key === "b") { state.hold = false; draw(); } });

  wipe.addEventListener("input", () => moveWipe(Number(wipe.value)));
  zoomed.addEventListener("change", () => zoomTo(Number(zoomed.value)));
  mode.addEventListener("change", refresh);
  stepper.max = frames.length - 1;
  stepper.addEventListener("input", () => go(Number(stepper.value)));
  for (const box of document.querySelectorAll("[data-layer], #boxes")) box.addEventListener("change", draw);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-frame]");
    if (link) {
      event.preventDefault();
      goTo(Number(link.dataset.frame));
      canvas.scrollIntoView({ block: "nearest" });
    }
    const curve = event.target.closest("svg.curve");
    if (curve) {
      const inside = curve.getBoundingClientRect(), cursor = curve.querySelector(".cursor");
      const x = ((event.clientX - inside.left) / inside.width) * curve.viewBox.baseVal.width;
      goTo(cursor.dataset.first * 1 + (x - cursor.dataset.left) / cursor.dataset.step);
    }
  });
  window.addEventListener("resize", refresh);
  // Looks at a place of the input in the frame, 4:1.
  const lookAt = (x, y) => {
    [state.x, state.y] = [(x * data.enlarged) / data.size[0], (y * data.enlarged) / data.size[1]];
    zoomTo(4);
    canvas.scrollIntoView({ block: "nearest" });
  };
  const ready = (index) => Boolean(image(frames[index].before) && image(frames[index].after));
  window.viewer = { state, draw, go, goTo, lookAt, ready, told, count: frames.length, rate: data.rate };
  refresh();
})();
