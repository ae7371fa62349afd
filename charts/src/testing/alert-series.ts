/** A series in promtool's notation, one value each 15 s: "0+15x40" goes up by one a second for ten minutes. */
export type Series = Readonly<Record<string, string>>;

const OF = 'namespace="burnline", burnline_dev_race="r"';
export const series = (name: string, values: string, labels = "") => ({
  [`${name}{${OF}${labels === "" ? "" : `, ${labels}`}}`]: values,
});

/** 100 values a second for two hours and more, of which so many (of 1,500 in 15 s) take no more than 5 s. */
export const inTime = (per1500: number): Series => ({
  ...series("gateway_event_latency_seconds_bucket", `0+${per1500}x600`, 'kind="live", le="5"'),
  ...series("gateway_event_latency_seconds_count", "0+1500x600", 'kind="live"'),
});

export const buckets = (name: string, counts: Readonly<Record<string, number>>, labels = ""): Series =>
  Object.assign(
    {},
    ...Object.entries(counts).map(([le, count]) =>
      series(`${name}_bucket`, `0+${count}x60`, `${labels === "" ? "" : `${labels}, `}le="${le}"`),
    ),
  );

export const rising = (name: string, perStep: number, labels = "") => series(name, `0+${perStep}x60`, labels);
export const level = (name: string, value: number | string, labels = "") => series(name, `${value}x60`, labels);
/** Nothing for five minutes, then so many at once. */
export const jump = (name: string, by: number, labels = "") => series(name, `0x20 ${by}x40`, labels);
