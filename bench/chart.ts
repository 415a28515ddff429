// The bar chart of a run: for every row, how many times better one system is than the others, as SVG.
//
// Bars grow from 1 (equal), to the right where the subject is better and to the left where it is worse, on a logarithmic
// scale: twice as good and half as good are equally far from the middle. Higher and lower is "better" by metric, so one
// picture can hold throughput, CPU, latency, memory and start time.
import { BarChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { METRICS, timesBetter, type Metric, type SummaryRow } from './measurement.ts';
import type { SystemName } from './system.ts';

use([BarChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

/** The metrics that a chart shows; the table has all of them. */
const CHARTED: ReadonlySet<Metric> = new Set([
  'recordsPerSecond',
  'cpuSecondsPerGb',
  'endToEndP50',
  'endToEndP99',
  'startMs',
  'idleMegabytes',
  'peakMegabytes',
]);
/** CPU is drawn for the durable load alone: the other rows say the same at a lower rate. */
function charted({ group, metric }: SummaryRow): boolean {
  return CHARTED.has(metric) && (metric !== 'cpuSecondsPerGb' || group === 'durable');
}

function label({ row, metric }: SummaryRow): string {
  return metric === 'recordsPerSecond' ? row : `${row}: ${METRICS[metric].title}`;
}

const COLORS = ['#2f6fb3', '#e08a2c'];
const WIDTH = 1_000;
const ROW_HEIGHT = 38;
const HEADER_HEIGHT = 120;
const FOOTER_HEIGHT = 50;
const LABEL_WIDTH = 360;

/** 4 -> "4×", 0.25 -> "1/4×", 1.53 -> "1.5×". */
export function times(value: number): string {
  if (value >= 100) return `${Math.round(value)}×`;
  if (value >= 0.95) return `${Number(value.toPrecision(2))}×`;
  return `${Number(value.toFixed(2))}×`;
}

export interface ChartInput {
  readonly title: string;
  readonly subtitle: string;
  readonly rows: readonly SummaryRow[];
  readonly subject: SystemName;
  readonly bases: readonly { readonly name: SystemName; readonly title: string }[];
}

/** The chart as an SVG document, or undefined when there is nothing to compare. */
export function drawChart({ title, subtitle, rows, subject, bases }: ChartInput): string | undefined {
  const drawn = rows.filter(
    (row) => charted(row) && bases.some(({ name }) => timesBetter(row, subject, name)),
  );
  if (drawn.length === 0) return undefined;
  const values = bases.map(({ name }) => drawn.map((row) => timesBetter(row, subject, name)));
  const exponents = values.flat().map((value) => Math.log2(value ?? 1));
  // Room for the label at the end of the longest bar on either side.
  const left = Math.floor(Math.min(0, ...exponents) - 0.6);
  const right = Math.ceil(Math.max(0, ...exponents) + 0.6);
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: WIDTH,
    height: HEADER_HEIGHT + drawn.length * ROW_HEIGHT + FOOTER_HEIGHT,
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: COLORS,
    title: { text: title, subtext: subtitle, left: 16, top: 12, textStyle: { fontSize: 18 } },
    // Without a browser text widths are estimates: the gap keeps entries apart.
    legend: { top: 76, left: LABEL_WIDTH, itemGap: 48, data: bases.map((base) => base.title) },
    grid: { left: LABEL_WIDTH, right: 60, top: HEADER_HEIGHT, bottom: FOOTER_HEIGHT },
    xAxis: {
      type: 'value',
      min: left,
      max: right,
      interval: 1,
      axisLabel: { formatter: (exponent: number) => times(2 ** exponent) },
      name: '←  worse          times better, logarithmic          better  →',
      nameLocation: 'middle',
      nameGap: 30,
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: drawn.map(label),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { width: LABEL_WIDTH - 24, overflow: 'truncate', interval: 0 },
    },
    series: bases.map((base, index) => ({
      name: base.title,
      type: 'bar',
      barMaxWidth: 12,
      barGap: '30%',
      data: (values[index] ?? []).map((value) => ({
        value: value === undefined ? null : Math.log2(value),
        label: {
          show: value !== undefined,
          position: value !== undefined && value < 1 ? 'left' : 'right',
          formatter: value === undefined ? '' : times(value),
          fontSize: 10,
          textBorderWidth: 0,
        },
      })),
      ...(index === 0
        ? {
            markLine: {
              silent: true,
              symbol: 'none',
              lineStyle: { color: '#333333', type: 'solid', width: 1 },
              label: { show: false },
              data: [{ xAxis: 0 }],
            },
          }
        : {}),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
