// The picture of a scenario: a bar for each peer's median, as SVG.
import { BarChart } from 'echarts/charts';
import { GridComponent, TitleComponent } from 'echarts/components';
import { init, use, type EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { formatNumber } from './format.ts';
import { mainMetric, titleOfPeer, titleOfScenario } from './report.ts';
import { figure, METRICS, type Metric, type ScenarioResult } from './results.ts';
import { OURS } from './targets.ts';

use([BarChart, GridComponent, TitleComponent, SVGRenderer]);

const WIDTH = 760;
const HEAD = 84;
const ROW = 34;
const FOOT = 44;
const FONT = 'system-ui, -apple-system, Roboto, sans-serif';
const INK = '#1f2328';
const FAINT = '#656d76';
const LINE = '#d8dee4';
const OUR_COLOUR = '#0f766e';
const THEIR_COLOUR = '#a8b3bf';
/** From this ratio of the longest bar to the shortest on, the axis is logarithmic. */
const LOG_FROM = 12;

interface Row {
  readonly peer: string;
  readonly median: number;
}

/** The picture of a scenario's main figure; undefined where nothing was measured. */
export function chartOf(result: ScenarioResult): string | undefined {
  const metric = mainMetric(result);
  if (metric === undefined) return undefined;
  const rows = rowsOf(result, metric);
  const height = HEAD + FOOT + rows.length * ROW;
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  chart.setOption(optionOf(result, metric, rows));
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** The least first, at the top. */
function rowsOf(result: ScenarioResult, metric: Metric): Row[] {
  return result.results
    .map(({ peer }) => ({ peer, median: figure(result, peer, metric)?.median ?? Number.NaN }))
    .filter(({ median }) => Number.isFinite(median))
    .sort((a, b) => a.median - b.median);
}

function optionOf(result: ScenarioResult, metric: Metric, rows: readonly Row[]): EChartsCoreOption {
  const { title, digits } = METRICS[metric];
  const highest = rows.at(-1)?.median ?? 1;
  const lowest = rows[0]?.median ?? 1;
  const logarithmic = lowest > 0 && highest / lowest >= LOG_FROM;
  const unit = `${title}${logarithmic ? ', logarithmic' : ''}; less is better`;
  return {
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: FONT, color: INK },
    title: {
      ...{ text: titleOfScenario(result.scenario), subtext: unit, left: 16, top: 12 },
      textStyle: { fontFamily: FONT, fontSize: 17, fontWeight: 600, color: INK },
      subtextStyle: { fontFamily: FONT, fontSize: 12, color: FAINT },
    },
    grid: { left: 170, right: 72, top: HEAD, bottom: FOOT },
    xAxis: axisOf(logarithmic, lowest),
    yAxis: {
      type: 'category',
      inverse: true,
      data: rows.map(({ peer }) => titleOfPeer(peer)),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { fontSize: 13, color: INK },
    },
    series: [barsOf(rows, digits)],
  };
}

function axisOf(logarithmic: boolean, lowest: number): object {
  const common = {
    splitLine: { lineStyle: { color: LINE } },
    axisLabel: { fontSize: 11, color: FAINT },
  };
  if (!logarithmic) return { type: 'value', ...common };
  // There is no nought: bars begin at the power of ten below the shortest, or at the next where it would hardly be seen.
  const start = 10 ** (Math.floor(Math.log10(lowest)) - (isJustAbovePowerOfTen(lowest) ? 1 : 0));
  return { type: 'log', min: start, startValue: start, ...common };
}

/** Whether a value lies so near above a power of ten that its bar would hardly be seen. */
function isJustAbovePowerOfTen(value: number): boolean {
  return value / 10 ** Math.floor(Math.log10(value)) < 2;
}

function barsOf(rows: readonly Row[], digits: number): object {
  return {
    type: 'bar',
    silent: true,
    emphasis: { disabled: true },
    barWidth: 20,
    data: rows.map(({ peer, median }) => ({
      value: median,
      itemStyle: { color: peer.startsWith(OURS) ? OUR_COLOUR : THEIR_COLOUR, borderRadius: [0, 3, 3, 0] },
      label: { fontWeight: peer.startsWith(OURS) ? 600 : 400, formatter: formatNumber(median, digits) },
    })),
    label: { show: true, position: 'right', fontSize: 12, color: INK },
  };
}
