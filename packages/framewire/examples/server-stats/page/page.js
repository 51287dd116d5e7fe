// The page. It receives measurements over a WebSocket, and draws those of the last two minutes with uPlot.

import uPlot from '/uplot.js';

const WINDOW_S = 120;
const RETRY_MS = 1000;
const MIB = 1024 * 1024;

const view = (id) => document.getElementById(id);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Formats a time in seconds as the time of day. */
const clock = (time) => new Date(time * 1000).toLocaleTimeString([], { hour12: false });

/** A column for each figure, in the form that uPlot needs: the times first, in seconds. */
const columns = { time: [], cpu: [], rss: [], heapTotal: [], heapUsed: [] };

/** Creates a plot that fills its element. */
function createPlot(element, series, formatValue, range) {
  const axis = {
    stroke: () => color('muted'),
    grid: { stroke: () => color('rule'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      cursor: { show: false },
      series: [
        {},
        ...series.map((name) => ({ stroke: () => color(name), width: 2, points: { show: false } })),
      ],
      scales: { x: { time: true, range: (_plot, _min, max) => [max - WINDOW_S, max] }, y: { range } },
      axes: [
        { ...axis, space: 90, size: 28, values: (_plot, values) => values.map(clock) },
        { ...axis, size: 64, values: (_plot, values) => values.map(formatValue) },
      ],
    },
    [[], ...series.map(() => [])],
    element,
  );
  new ResizeObserver(() => plot.setSize(size())).observe(element);
  return plot;
}

const plots = [
  {
    plot: createPlot(
      view('cpu-plot'),
      ['blue'],
      (value) => `${value} %`,
      (_plot, _min, max) => [0, Math.max(10, max * 1.1)],
    ),
    data: () => [columns.time, columns.cpu],
  },
  {
    plot: createPlot(
      view('memory-plot'),
      ['blue', 'amber', 'green'],
      (value) => `${value} MiB`,
      (_plot, _min, max) => [0, max * 1.1],
    ),
    data: () => [columns.time, columns.rss, columns.heapTotal, columns.heapUsed],
  },
];

function draw() {
  for (const { plot, data } of plots) plot.setData(data());
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

function add(samples) {
  for (const { time, cpu, rss, heapTotal, heapUsed } of samples) {
    // After a reconnection, the server sends its history again.
    if (time / 1000 <= columns.time.at(-1)) continue;
    columns.time.push(time / 1000);
    columns.cpu.push(cpu);
    columns.rss.push(rss / MIB);
    columns.heapTotal.push(heapTotal / MIB);
    columns.heapUsed.push(heapUsed / MIB);
  }
  // Keep one more measurement than is visible, so that the line reaches the edge.
  while (columns.time[1] < columns.time.at(-1) - WINDOW_S)
    for (const column of Object.values(columns)) column.shift();
  if (columns.time.length === 0) return;
  view('cpu').value = `${columns.cpu.at(-1).toFixed(1)} %`;
  for (const name of ['rss', 'heapTotal', 'heapUsed'])
    view(name).value = `${columns[name].at(-1).toFixed(1)} MiB`;
  draw();
}

function connect() {
  const socket = new WebSocket(new URL('/stats', location.href.replace(/^http/, 'ws')));
  socket.addEventListener('open', () => (view('state').textContent = 'live, once a second'));
  socket.addEventListener('message', ({ data }) => add(JSON.parse(data)));
  socket.addEventListener('close', () => {
    view('state').textContent = 'connection lost, trying again …';
    setTimeout(connect, RETRY_MS);
  });
}

connect();
