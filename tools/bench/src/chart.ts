// The picture of a scenario: a bar for each peer's median with a whisker over its rounds, as SVG.
import { BarChart, CustomChart, type BarSeriesOption, type CustomSeriesOption } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { formatNumber } from './format.ts';
import { mainMetric, titleOfPeer, titleOfScenario } from './report.ts';
import { figure, METRICS, type Figure, type Metric, type RunResult, type ScenarioResult } from './results.ts';
import { OURS } from './targets.ts';

use([BarChart, CustomChart, GridComponent, TitleComponent, SVGRenderer]);

const WIDTH = 760;
const HEAD = 84;
const ROW = 34;
const FOOT = 68;
/** The space to the left of a peer's title, and between the title and its bar. */
const EDGE = 16;
const GAP = 8;
/** An upper bound for the width of a letter in a long title, from DejaVu Sans, a wide font. The reader's font cannot be measured here. */
const LETTER = 7.2;
/** Half of the height of a whisker's ends. */
const CAP = 5;
const FONT = 'system-ui, -apple-system, Roboto, sans-serif';
const INK = '#1f2328';
const FAINT = '#656d76';
const LINE = '#d8dee4';
const OUR_COLOUR = '#0f766e';
const THEIR_COLOUR = '#a8b3bf';
/** The axis is logarithmic if the highest round of all peers is at least this many times the lowest. */
const LOG_FROM = 12;

interface Row extends Figure {
  readonly peer: string;
}

/** What the picture says about its run. */
type Origin = Pick<RunResult, 'machine' | 'rounds'>;

/** The picture of a scenario's main figure; undefined if nothing was measured. */
export function chartOf(result: ScenarioResult, origin: Origin): string | undefined {
  const metric = mainMetric(result);
  if (metric === undefined) return undefined;
  const rows = rowsOf(result, metric);
  const height = HEAD + FOOT + rows.length * ROW;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption(optionOf(result, metric, rows, origin));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return withoutCounter(svg);
}

/** Removes the numbers in class names. They continue from one picture of a process to the next, and a picture must not depend on others. */
function withoutCounter(svg: string): string {
  return svg.replaceAll(/zr\d+-cls-\d+/g, 'silent');
}

/** The rows of the picture, lowest figure first, at the top. */
function rowsOf(result: ScenarioResult, metric: Metric): Row[] {
  return result.results
    .flatMap(({ peer }) => {
      const value = figure(result, peer, metric);
      return value === undefined ? [] : [{ peer, ...value }];
    })
    .sort((a, b) => a.median - b.median);
}

function optionOf(
  result: ScenarioResult,
  metric: Metric,
  rows: readonly Row[],
  origin: Origin,
): EChartsCoreOption {
  const { title, digits } = METRICS[metric];
  const titles = rows.map(({ peer }) => titleOfPeer(peer));
  const highest = Math.max(...rows.map((row) => row.highest));
  const lowest = Math.min(...rows.map((row) => row.lowest));
  const logarithmic = lowest > 0 && highest / lowest >= LOG_FROM;
  const unit = `${title}${logarithmic ? ', logarithmic' : ''}; lower is better`;
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT, color: INK },
    title: [
      {
        ...{ text: titleOfScenario(result.scenario), subtext: unit, left: EDGE, top: 12 },
        textStyle: { fontFamily: FONT, fontSize: 17, fontWeight: 600, color: INK },
        subtextStyle: { fontFamily: FONT, fontSize: 12, color: FAINT },
      },
      {
        ...{ text: footOf(origin), left: EDGE, bottom: 10 },
        textStyle: { fontFamily: FONT, fontSize: 11, fontWeight: 400, color: FAINT },
      },
    ],
    grid: { left: marginFor(titles), right: 72, top: HEAD, bottom: FOOT },
    xAxis: axisOf(logarithmic, lowest),
    yAxis: {
      type: 'category',
      inverse: true,
      data: titles,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { fontSize: 13, margin: GAP, color: INK },
    },
    series: [barsOf(rows), whiskersOf(rows, digits)],
  };
}

/** The margin on the left, wide enough for the longest title. */
function marginFor(titles: readonly string[]): number {
  return EDGE + GAP + Math.ceil(Math.max(...titles.map(({ length }) => length)) * LETTER);
}

function axisOf(logarithmic: boolean, lowest: number): object {
  const common = {
    splitLine: { lineStyle: { color: LINE } },
    axisLabel: { fontSize: 11, color: FAINT },
  };
  if (!logarithmic) return { type: 'value', ...common };
  // A logarithmic axis has no zero. Bars start at the power of ten below the lowest value, or one lower if that bar would be too short.
  const start = 10 ** (Math.floor(Math.log10(lowest)) - (isJustAbovePowerOfTen(lowest) ? 1 : 0));
  return { type: 'log', min: start, startValue: start, ...common };
}

/** Whether a value is so close to a power of ten that its bar would be too short to see. */
function isJustAbovePowerOfTen(value: number): boolean {
  return value / 10 ** Math.floor(Math.log10(value)) < 2;
}

function footOf({ machine, rounds }: Origin): string {
  const what =
    rounds === 1 ? 'one round' : `medians of ${rounds} rounds, lines from the lowest round to the highest`;
  return `Node ${machine['node'] ?? '-'}, ${machine['date'] ?? '-'}; ${what}`;
}

function barsOf(rows: readonly Row[]): BarSeriesOption {
  return {
    type: 'bar',
    silent: true,
    emphasis: { disabled: true },
    barWidth: 20,
    data: rows.map(({ peer, median }) => ({
      value: median,
      itemStyle: { color: isOurs(peer) ? OUR_COLOUR : THEIR_COLOUR, borderRadius: [0, 3, 3, 0] },
    })),
  };
}

/** For each bar, a line from its lowest to its highest round if there are several, and the median to the right of it. */
function whiskersOf(rows: readonly Row[], digits: number): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    // Above the bars.
    z: 3,
    data: rows.map(({ lowest, highest }, index) => [lowest, highest, index]),
    encode: { x: [0, 1], y: 2 },
    renderItem: ({ dataIndex }, api) => {
      const [left = 0, y = 0] = api.coord([api.value(0), dataIndex]);
      const [right = 0] = api.coord([api.value(1), dataIndex]);
      const { peer = '', median = Number.NaN, spread } = rows[dataIndex] ?? {};
      return {
        type: 'group',
        children: [
          ...(spread === undefined ? [] : whiskerOf(left, right, y)),
          {
            ...{ type: 'text', x: right + 6, y },
            style: {
              ...{ text: formatNumber(median, digits), verticalAlign: 'middle', fill: INK },
              ...{ fontFamily: FONT, fontSize: 12, fontWeight: isOurs(peer) ? 600 : 400 },
            },
          },
        ],
      };
    },
  };
}

function whiskerOf(left: number, right: number, y: number) {
  return [
    lineOf(left, y, right, y),
    lineOf(left, y - CAP, left, y + CAP),
    lineOf(right, y - CAP, right, y + CAP),
  ];
}

function lineOf(x1: number, y1: number, x2: number, y2: number) {
  return { type: 'line' as const, shape: { x1, y1, x2, y2 }, style: { stroke: INK, lineWidth: 1 } };
}

function isOurs(peer: string): boolean {
  return peer.startsWith(OURS);
}
