// Plays the frames, over and over: flicker and weave are only seen in motion.
"use strict";
(() => {
  const button = document.getElementById("play");
  const viewer = window.viewer;
  let due = null;

  const step = (now) => {
    if (due === null) return;
    const next = (viewer.state.at + 1) % viewer.count;
    // A frame that is not decoded yet is waited for, and those after it are prepared meanwhile.
    const ready = [1, 2, 3, 4].map((ahead) => viewer.ready((viewer.state.at + ahead) % viewer.count))[0];
    if (now >= due && ready) {
      due = Math.max(due + 1000 / viewer.rate, now);
      viewer.go(next);
    }
    requestAnimationFrame(step);
  };

  const turn = () => {
    const plays = due === null;
    due = plays ? 0 : null;
    button.textContent = plays ? "Stop" : "Play";
    // Screen readers would read out each frame.
    viewer.told.setAttribute("aria-live", plays ? "off" : "polite");
    if (plays) requestAnimationFrame(step);
  };

  button.addEventListener("click", turn);
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(BUTTON|INPUT|SELECT)$/.test(event.target.tagName)) return;
    event.preventDefault();
    turn();
  });
})();
