import { assert } from "@burnline/std";
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from "prom-client";

/** Different values a label may take; any further one is counted as "other", so no input can grow the memory. */
const LABEL_VALUES_MAX = 200;

const OTHER = "other";

/** Seconds, from a function call to the slowest thing a race waits for. */
const DEFAULT_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

type Labels = Readonly<Record<string, string>>;

type MetricsContentType = PrometheusContentType | OpenMetricsContentType;

/** The format for who says in its Accept header what it takes. */
export function metricsContentType(accept: string | undefined): MetricsContentType {
  const isOpen = accept?.includes("application/openmetrics-text") === true;
  return isOpen ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
}

/** Names one event that an observation came from; 128 characters in all at most. Only OpenMetrics can say it. */
export type Exemplar = Readonly<Record<string, string>>;

export interface MetricOptions {
  /** `<service>_<noun>_<unit>`; a counter also ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /**
   * Of a counter or histogram: labels whose series are there from the beginning, at 0. A series that appears with its first
   * event does not rise, so whoever is woken by rises would not hear of that one.
   */
  readonly fromZero?: readonly Labels[];
}

export interface CounterMetric {
  add(amount?: number, labels?: Labels): void;
}

export interface GaugeMetric {
  set(value: number, labels?: Labels): void;
  /** What these labels name is gone, and so is its series. */
  remove(labels: Labels): void;
}

export interface HistogramMetric {
  /** The exemplar is kept, the newest of each bucket, if the histogram was declared `withExemplars`. */
  observe(value: number, labels?: Labels, exemplar?: Exemplar): void;
  /** Call the returned function at the end; observes seconds. */
  startTimer(labels?: Labels): () => void;
}

export interface HistogramOptions extends MetricOptions {
  /** In the unit of the name; default seconds from 1 ms to 5 s. */
  readonly buckets?: readonly number[];
  readonly withExemplars?: boolean;
}

export interface MetricsOptions {
  readonly labelValuesMax?: number;
  /** Also report processor, memory and event loop of the process. */
  readonly withProcess?: boolean;
}

/** The metrics of a process, in one Prometheus registry. Declaring a name twice or against the rules throws. */
export class Metrics {
  /** Between two renderings it is one of OpenMetrics, because only that takes histograms with exemplars. */
  readonly #registry = new Registry<MetricsContentType>();
  #rendering: Promise<unknown> = Promise.resolve();
  readonly #services: readonly string[];
  readonly #labelValuesMax: number;

  /** The services whose metrics this process reports: ["gateway"], or all of them in the standalone form. */
  constructor(services: readonly string[], options: MetricsOptions = {}) {
    this.#services = services;
    this.#labelValuesMax = options.labelValuesMax ?? LABEL_VALUES_MAX;
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    if (options.withProcess === true) collectDefaultMetrics({ register: this.#registry });
  }

  counter(options: MetricOptions): CounterMetric {
    assert(options.name.endsWith("_total"), `the counter ${options.name} does not end in _total`);
    const counter = new Counter(this.#configOf(options));
    const cap = this.#capLabels(options);
    for (const labels of options.fromZero ?? []) counter.inc(cap(labels), 0);
    return { add: (amount = 1, labels) => counter.inc(cap(labels), amount) };
  }

  gauge(options: MetricOptions): GaugeMetric {
    assert(!options.name.endsWith("_total"), `the gauge ${options.name} ends in _total`);
    const gauge = new Gauge(this.#configOf(options));
    const cap = this.#capLabels(options);
    return { set: (value, labels) => gauge.set(cap(labels), value), remove: (labels) => gauge.remove(cap(labels)) };
  }

  /** A gauge that is read when it is asked for. */
  reading(options: MetricOptions, read: () => number): void {
    assert(!options.name.endsWith("_total"), `the gauge ${options.name} ends in _total`);
    new Gauge({
      ...this.#configOf(options),
      collect() {
        this.set(read());
      },
    });
  }

  histogram(options: HistogramOptions): HistogramMetric {
    assert(!options.name.endsWith("_total"), `the histogram ${options.name} ends in _total`);
    const buckets = [...(options.buckets ?? DEFAULT_BUCKETS_SECONDS)];
    const { withExemplars = false } = options;
    const histogram = new Histogram({ ...this.#configOf(options), buckets, enableExemplars: withExemplars });
    const cap = this.#capLabels(options);
    for (const labels of options.fromZero ?? []) histogram.zero(cap(labels));
    const observe = (value: number, labels?: Labels, exemplar?: Exemplar) => {
      if (!withExemplars) histogram.observe(cap(labels), value);
      else if (exemplar === undefined) histogram.observe({ labels: cap(labels), value });
      else histogram.observe({ labels: cap(labels), value, exemplarLabels: exemplar });
    };
    return {
      observe,
      startTimer: (labels) => {
        const startMs = performance.now();
        return () => observe((performance.now() - startMs) / 1_000, labels);
      },
    };
  }

  /** The text that Prometheus scrapes; exemplars are in OpenMetrics only. */
  async render(contentType: MetricsContentType = Registry.PROMETHEUS_CONTENT_TYPE): Promise<string> {
    const rendering = this.#rendering.then(() => this.#render(contentType));
    this.#rendering = rendering.catch(() => {});
    return rendering;
  }

  /** The registry has one format at a time, and OpenMetrics takes `_total` off the names of its counters for good. */
  async #render(contentType: MetricsContentType): Promise<string> {
    const names = this.#registry.getMetricsAsArray().map((metric) => ({ metric, name: metric.name }));
    this.#registry.setContentType(contentType);
    try {
      return await this.#registry.metrics();
    } finally {
      this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      for (const { metric, name } of names) metric.name = name;
    }
  }

  #configOf({ name, help, labels = [] }: MetricOptions) {
    assert(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name), `the metric name ${name} is not words with _ between them`);
    const isOurs = this.#services.some((service) => name.startsWith(`${service}_`));
    assert(isOurs, `the metric ${name} does not start with one of ${this.#services.join(", ")}`);
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  /** Remembers the label values seen, label by label, and turns those beyond the cap into "other". */
  #capLabels({ name, labels: names = [] }: MetricOptions): (labels?: Labels) => Record<string, string> {
    const seen = new Map<string, Set<string>>(names.map((label) => [label, new Set()]));
    return (labels = {}) => {
      const capped: Record<string, string> = {};
      for (const [label, value] of Object.entries(labels)) {
        const values = seen.get(label);
        assert(values !== undefined, `the metric ${name} has no label ${label}`);
        if (!values.has(value) && values.size < this.#labelValuesMax) values.add(value);
        capped[label] = values.has(value) ? value : OTHER;
      }
      return capped;
    };
  }
}
