/** The meter's part of the page: its figures as text, its plots, and the format of numbers. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

import { createTrafficPlot, createTripPlot } from './plots.js';

/** @import { Meter } from './meter.js' */

const FIGURES_MS = 500;

/**
 * Shows a meter, and keeps its figures and plots up to date.
 *
 * @param {Meter} meter
 */
export function showMeter(meter) {
  const drawTrips = createTripPlot(byId('trip-plot', HTMLElement));
  const drawTraffic = createTrafficPlot(byId('traffic-plot', HTMLElement));
  // The plots move at this interval. If the user prefers reduced motion, it is a second.
  const frameMs = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 60;
  let drawnAt = 0;

  /** @param {number} now */
  const draw = (now) => {
    requestAnimationFrame(draw);
    if (now - drawnAt < frameMs) return;
    drawnAt = now;
    drawTrips(meter.trips);
    drawTraffic(meter.buckets);
  };
  requestAnimationFrame(draw);
  setInterval(() => showFigures(meter), FIGURES_MS);
}

/** @param {Meter} meter */
function showFigures(meter) {
  const trip = meter.summary();
  show('trip', trip ? formatTime(trip.latest) : '–');
  show('trip-median', trip ? formatTime(trip.median) : '–');
  show('trip-longest', trip ? formatTime(trip.longest) : '–');
  show('rate-out', meter.rate('out').toFixed(1));
  show('rate-in', meter.rate('in').toFixed(1));
  show('bytes-out', formatBytes(meter.bytesOut));
  show('bytes-in', formatBytes(meter.bytesIn));
  show('age', meter.age === undefined ? '–' : formatDuration(meter.age));
}

/**
 * @param {string} id
 * @param {string} text
 */
function show(id, text) {
  const element = byId(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The element of the page with this id. Throws if there is none of this type.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} "${id}".`);
  return element;
}

/** @param {number} milliseconds */
function formatTime(milliseconds) {
  return milliseconds < 10 ? milliseconds.toFixed(2) : milliseconds.toFixed(milliseconds < 100 ? 1 : 0);
}

/** @param {number} bytes */
function formatBytes(bytes) {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${(bytes / 1_000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}

/**
 * Formats a duration: `42 s`, `3 min 5 s`, `2 h 10 min`.
 *
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes} min ${whole % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
