import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { UNIT_DECIMALS, UNIT_WORDS } from "./fuel-reading.ts";
import { type ChartLap, chartRange, type LapBand, type LapChartModel } from "./lap-chart-model.ts";
import type { Units } from "./settings.ts";

const INK = "#f2f5f8";
const MUTED = "#a3afbd";
const VALID = "#f2f5f8";
const INVALID = "#8f9bab";
const GRID = "#1e2631";
const AVERAGE = "#56b4e9";
const BAND_INK: Readonly<Record<LapBand["type"], string>> = { caution: "#f5d90a", pit: "#c792ea" };
const FONT = "600 12px Arial, sans-serif";

/** Fuel of every lap: filled dots are valid, hollow ones carry the mark of what was different; whiskers are p10–p90. */
export function LapChart(props: {
  readonly model: LapChartModel;
  readonly units: Units;
  readonly average: number | undefined;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const drawn = useRef(props);
  drawn.current = props;

  // A chart is made per unit; new laps only bring new data.
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const size = () => ({ width: Math.max(200, element.clientWidth), height: Math.max(120, element.clientHeight) });
    const chart = new uPlot(
      chartOptions(props.units, size(), () => drawn.current),
      chartData(drawn.current.model),
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => chart.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [props.units]);

  useEffect(() => plot.current?.setData(chartData(props.model)), [props.model]);

  return (
    <div className="lap-chart">
      <div className="lap-chart-frame" ref={frame} role="img" aria-label={chartWords(props.model, props.units)} />
      <div className="lap-chart-key" aria-hidden="true">
        <span className="key-valid">valid lap</span>
        <span className="key-invalid">not in averages, with its reason</span>
        <span className="key-beyond">beyond the scale, with its value</span>
        <span className="key-whisker">8 times out of 10</span>
        <span className="key-average">average of last valid laps</span>
        <span className="key-caution">caution</span>
        <span className="key-pit">pit, in and out lap</span>
      </div>
    </div>
  );
}

interface Drawn {
  readonly model: LapChartModel;
  readonly average: number | undefined;
}

function chartData(model: LapChartModel): uPlot.AlignedData {
  return [model.laps.map((lap) => lap.lapNumber), model.laps.map((lap) => lap.value ?? null)];
}

function chartOptions(units: Units, size: { width: number; height: number }, drawn: () => Drawn): uPlot.Options {
  const axis: uPlot.Axis = {
    stroke: MUTED,
    font: FONT,
    grid: { stroke: GRID, width: 1 },
    ticks: { stroke: GRID, width: 1, size: 5 },
  };
  return {
    ...size,
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: false, range: (_plot, min, max) => [min - 1, Math.max(max, min + 9) + 1] },
      y: { range: () => chartRange(drawn().model) },
    },
    axes: [
      {
        ...axis,
        label: "lap",
        labelFont: FONT,
        labelSize: 18,
        size: 30,
        incrs: [1, 2, 5, 10, 20, 25, 50, 100],
        values: lapTicks,
      },
      {
        ...axis,
        label: UNIT_WORDS[units].perLap,
        labelFont: FONT,
        labelSize: 18,
        size: 50,
        incrs:
          UNIT_DECIMALS[units] === 1 ? [0.1, 0.2, 0.5, 1, 2, 5, 10, 20] : [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
        values: (_plot, values) => values.map((value) => value.toFixed(UNIT_DECIMALS[units])),
      },
    ],
    series: [{}, { stroke: "transparent", points: { show: false } }],
    hooks: {
      drawClear: [(plot) => drawBands(plot, drawn().model.bands)],
      draw: [
        (plot) => {
          drawAverage(plot, drawn().average);
          drawLaps(plot, drawn().model, units);
        },
      ],
    },
  };
}

/** The way to the first green flag may be lap 0; before it there is none. */
function lapTicks(_plot: uPlot, laps: readonly number[]): string[] {
  return laps.map((lap) => (lap < 0 ? "" : `${lap}`));
}

function drawBands(plot: uPlot, bands: readonly LapBand[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  clipTo(plot);
  for (const band of bands) {
    const left = plot.valToPos(band.fromLap - 0.5, "x", true);
    const width = plot.valToPos(band.toLap + 0.5, "x", true) - left;
    ctx.globalAlpha = band.type === "caution" ? 0.13 : 0.2;
    ctx.fillStyle = BAND_INK[band.type];
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.globalAlpha = 1;
    // The bar on top (caution) or at the foot (pit) tells the two apart without their colours.
    const barHeight = 4 * devicePixelRatio;
    ctx.fillRect(left, band.type === "caution" ? bbox.top : bbox.top + bbox.height - barHeight, width, barHeight);
  }
  ctx.restore();
}

function drawAverage(plot: uPlot, average: number | undefined): void {
  if (average === undefined || !Number.isFinite(average)) return;
  const { ctx, bbox } = plot;
  const y = plot.valToPos(average, "y", true);
  ctx.save();
  clipTo(plot);
  ctx.strokeStyle = AVERAGE;
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([8 * devicePixelRatio, 6 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

function drawLaps(plot: uPlot, model: LapChartModel, units: Units): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const perLapPx = Math.abs(plot.valToPos(1, "x", true) - plot.valToPos(0, "x", true));
  const radius = Math.max(2, Math.min(6, perLapPx / ratio / 3)) * ratio;
  const [bottom, top] = chartRange(model);
  ctx.save();
  clipTo(plot);
  ctx.lineWidth = 1.5 * ratio;
  ctx.font = `600 ${11 * ratio}px Arial, sans-serif`;
  ctx.textAlign = "center";
  let markedUntilX = -Infinity;
  for (const lap of model.laps) {
    if (lap.value === undefined) continue;
    const x = plot.valToPos(lap.lapNumber, "x", true);
    const edge = lap.value > top ? "above" : lap.value < bottom ? "below" : undefined;
    const atEdge = edge === "above" ? bbox.top + 34 * ratio : bbox.top + bbox.height - 14 * ratio;
    const y = edge === undefined ? plot.valToPos(lap.value, "y", true) : atEdge;
    ctx.strokeStyle = lap.isValid ? VALID : INVALID;
    ctx.fillStyle = lap.isValid ? VALID : "#0b0e14";
    if (edge !== undefined) {
      drawTriangle(ctx, x, y, edge === "above" ? -radius : radius);
    } else {
      drawWhisker(plot, x, lap);
      ctx.beginPath();
      ctx.arc(x, y, radius, 0, 2 * Math.PI);
      ctx.fill();
      ctx.stroke();
    }
    // Marks that would touch their neighbour are left out; the table beside the chart has them all.
    const mark = edge === undefined ? lap.code : `${lap.code} ${lap.value.toFixed(UNIT_DECIMALS[units])}`.trim();
    const halfPx = (ctx.measureText(mark).width + 6 * ratio) / 2;
    if (mark === "" || x - halfPx < markedUntilX) continue;
    ctx.fillStyle = INK;
    ctx.fillText(mark, x, y - radius - 6 * ratio);
    markedUntilX = x + halfPx;
  }
  ctx.restore();
}

function drawWhisker(plot: uPlot, x: number, lap: ChartLap): void {
  if (lap.low === undefined || lap.high === undefined) return;
  plot.ctx.globalAlpha = 0.55;
  line(plot.ctx, x, plot.valToPos(lap.low, "y", true), x, plot.valToPos(lap.high, "y", true));
  plot.ctx.globalAlpha = 1;
}

/** Points up for a negative size: the value lies beyond that edge of the chart. */
function drawTriangle(ctx: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  ctx.beginPath();
  ctx.moveTo(x, y + size);
  ctx.lineTo(x - Math.abs(size), y - size);
  ctx.lineTo(x + Math.abs(size), y - size);
  ctx.closePath();
  ctx.fill();
  ctx.stroke();
}

function line(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}

function clipTo({ ctx, bbox }: uPlot): void {
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
}

function chartWords(model: LapChartModel, units: Units): string {
  const valid = model.laps.filter((lap) => lap.isValid).length;
  return `Fuel per lap in ${UNIT_WORDS[units].long}: ${model.laps.length} laps, ${valid} of them valid. The table of laps says the same.`;
}
