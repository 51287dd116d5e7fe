/** The two plots of the last minute, drawn by uPlot: round-trip times as a curve, messages a second as mirrored bars. */

/* eslint no-undef: "off" -- the compiler checks the names that browsers define, see tsconfig.json */

import uPlot from '/vendor/uplot.js';
import { seconds, WINDOW_S } from './meter.js';

/** @import { Bucket, Trip } from './meter.js' */

/** The current colours and font of the style sheet. They change with the colour scheme. */
let look = readLook();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  look = readLook();
});

function readLook() {
  const style = getComputedStyle(document.documentElement);
  /** @param {string} name */
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    out: color('copper'),
    in: color('verdigris'),
    tint: color('copper-tint'),
    gap: color('gap'),
    grid: color('rule'),
    label: color('muted'),
    paper: color('paper'),
    font: `500 10px ${style.getPropertyValue('--mono')}`,
  };
}

const SPLITS = [-60, -45, -30, -15, 0];
/** A plot narrower than this, in pixels, labels only the ends of the time axis. */
const NARROW = 300;

/**
 * A plot that fills its element and moves with the clock.
 *
 * @param {HTMLElement} element
 * @param {Partial<uPlot.Options> & { series: uPlot.Series[], yRange: uPlot.Range.Function, yAxis: uPlot.Axis }} options
 */
function createPlot(element, { yRange, yAxis, ...options }) {
  const axis = {
    stroke: () => look.label,
    font: look.font,
    ticks: { show: false },
    grid: { stroke: () => look.grid, width: 1 },
  };
  const plot = new uPlot(
    {
      width: Math.max(1, element.clientWidth),
      height: Math.max(1, element.clientHeight),
      legend: { show: false },
      cursor: { show: false },
      padding: [8, 14, 0, 0],
      ...options,
      scales: {
        x: { time: false, auto: false, range: () => [seconds() - WINDOW_S, seconds()] },
        y: { range: yRange },
      },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 8,
          grid: { show: false },
          splits: (self) => SPLITS.map((ago) => (self.scales['x']?.max ?? 0) + ago),
          values: (self) =>
            SPLITS.map((ago, index) => {
              if (self.width < NARROW && index % (SPLITS.length - 1) !== 0) return '';
              return ago === 0 ? 'now' : `${ago} s`;
            }),
        },
        { ...axis, size: 34, gap: 8, ...yAxis },
      ],
    },
    [[], ...options.series.slice(1).map(() => [])],
    element,
  );
  new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = element;
    if (width > 0 && height > 0) plot.setSize({ width, height });
  }).observe(element);
  return plot;
}

/**
 * The curve of round-trip times.
 *
 * @param {HTMLElement} element
 * @returns {(trips: Trip[]) => void} Draws.
 */
export function createTripPlot(element) {
  /** @type {Trip[]} */
  let drawn = [];
  const plot = createPlot(element, {
    series: [
      {},
      {
        stroke: () => look.out,
        fill: () => look.tint,
        width: 1.75,
        spanGaps: false,
        points: { show: false },
      },
    ],
    yRange: (_self, _min, max) => [0, roundUp(Math.max(1, (max || 0) * 1.15))],
    yAxis: {
      splits: (_self, _axis, _min, max) => [0, max / 2, max],
      values: (_self, values) => values.map((value) => `${value}`),
    },
    hooks: {
      drawClear: [(self) => shadeGaps(self, drawn)],
      draw: [(self) => dotLatest(self, drawn)],
    },
  });
  return (trips) => {
    drawn = trips;
    plot.setData([trips.map(({ at }) => at), trips.map(({ milliseconds }) => milliseconds)]);
  };
}

/**
 * The bars of messages a second: out upwards, in downwards.
 *
 * @param {HTMLElement} element
 * @returns {(buckets: Bucket[]) => void} Draws.
 */
export function createTrafficPlot(element) {
  const bars = uPlot.paths.bars?.({ size: [0.62, 12, 1], align: 1 });
  /** @param {'out' | 'in'} direction */
  const series = (direction) => ({
    stroke: () => look[direction],
    fill: () => look[direction],
    width: 0,
    points: { show: false },
    ...(bars ? { paths: bars } : {}),
  });
  const plot = createPlot(element, {
    series: [{}, series('out'), series('in')],
    // Both sides have the same scale, so that bars of the same height mean the same number of messages.
    yRange: (_self, min, max) => {
      const most = roundUp(Math.max(4, -(min || 0), max || 0));
      return [-most, most];
    },
    yAxis: {
      splits: (_self, _axis, min, max) => [min, 0, max],
      values: (_self, values) => values.map((value) => `${Math.abs(value)}`),
    },
  });
  return (buckets) => {
    plot.setData([
      buckets.map(({ second }) => second),
      buckets.map((bucket) => bucket.out),
      buckets.map((bucket) => -bucket.in),
    ]);
  };
}

/**
 * Shades the background where there was no connection.
 *
 * @param {uPlot} plot
 * @param {Trip[]} trips
 */
function shadeGaps(plot, trips) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = look.gap;
  trips.forEach(({ at, milliseconds }, index) => {
    if (milliseconds !== null) return;
    const end = trips[index + 1]?.at ?? seconds();
    const left = Math.max(bbox.left, plot.valToPos(at, 'x', true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(end, 'x', true));
    if (right > left) ctx.fillRect(left, bbox.top, right - left, bbox.height);
  });
  ctx.restore();
}

/**
 * Marks the latest round trip with a dot.
 *
 * @param {uPlot} plot
 * @param {Trip[]} trips
 */
function dotLatest(plot, trips) {
  const latest = trips.at(-1);
  if (latest === undefined || latest.milliseconds === null) return;
  const { ctx } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.arc(
    plot.valToPos(latest.at, 'x', true),
    plot.valToPos(latest.milliseconds, 'y', true),
    3.5 * devicePixelRatio,
    0,
    2 * Math.PI,
  );
  ctx.fillStyle = look.out;
  ctx.fill();
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.strokeStyle = look.paper;
  ctx.stroke();
  ctx.restore();
}

/**
 * Rounds up to 1, 2, 4, 6 or 10 times a power of ten, so that the middle of an axis from 0 has a short label.
 *
 * @param {number} value More than 0.
 */
function roundUp(value) {
  const ten = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6].find((step) => value <= step * ten) ?? 10) * ten;
}
