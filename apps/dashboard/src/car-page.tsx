import type { CarView } from "@burnline/contract";
import { type ReactNode, useMemo } from "react";
import { boardRow, densityOf, provenanceWords } from "./board-row.ts";
import { BurnMeter } from "./burn-meter.tsx";
import {
  balanceFigures,
  type Figure,
  type LapLine,
  lapLines,
  leadFigures,
  type RunLine,
  runLines,
} from "./car-figures.ts";
import { toReading, UNIT_WORDS } from "./fuel-reading.ts";
import { LapChart } from "./lap-chart.tsx";
import { lapChartModel } from "./lap-chart-model.ts";
import { useTopic } from "./page-context.tsx";
import { EMPTY_HISTORY, type RaceState } from "./race-state.ts";
import type { Settings } from "./settings.ts";

/** Everything about one car: what it burns now, every lap with its validity, its stints and stages. */
export function CarPage(props: {
  readonly car: string;
  readonly picture: RaceState;
  readonly settings: Settings;
  /** In the order of the board, for the way to the cars before and behind. */
  readonly cars: readonly CarView[];
  readonly onBack: () => void;
  readonly onMove: (index: number) => void;
}) {
  const { car: id, picture, settings, cars } = props;
  useTopic(`car/${id}`);
  const car = picture.cars.get(id);
  if (car === undefined) return <UnknownCar id={id} onBack={props.onBack} hasCars={cars.length > 0} />;
  return (
    <main className="car-page" aria-label={`Car ${id}`} data-testid="car-page">
      <CarTitle {...props} view={car} />
      <section className="lead" aria-label="Now">
        {leadFigures(car, picture.race, settings.units).map((figure) => (
          <FigureTile key={figure.label} figure={figure} />
        ))}
      </section>
      <CarHistoryPanels car={car} picture={picture} settings={settings} />
    </main>
  );
}

function CarHistoryPanels(props: { readonly car: CarView; readonly picture: RaceState; readonly settings: Settings }) {
  const { car, picture, settings } = props;
  const { race } = picture;
  const history = picture.histories.get(car.car) ?? EMPTY_HISTORY;
  const density = densityOf(car, race);
  const { units } = settings;
  const model = useMemo(() => lapChartModel(history.laps, units, density), [history.laps, units, density]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a lap's line depends on the car's profile only, through density
  const laps = useMemo(() => lapLines(history.laps, car, race, units), [history.laps, units, density]);
  const wayM = race?.definition?.track?.lengthM || (car.lastLap?.distanceMm ?? 0) / 1000;
  const average = toReading(units, car.lastLap?.averages?.lastNKgPerLap, wayM, density);
  const unit = UNIT_WORDS[units].perLap;
  return (
    <div className="car-body">
      <Panel title={`Fuel of every lap, ${UNIT_WORDS[units].long}`} className="panel-chart">
        {model.laps.length === 0 ? (
          <p className="nothing">No lap completed yet. The first one is marked out lap or part of a lap.</p>
        ) : (
          <LapChart model={model} units={units} average={average} />
        )}
      </Panel>
      <Panel title="Laps" className="panel-laps">
        <LapTable lines={laps} unit={unit} />
      </Panel>
      <Panel title="Balance" className="panel-balance">
        <dl className="balance">
          {balanceFigures(car, race, units).map((figure) => (
            <FigureLine key={figure.label} figure={figure} />
          ))}
        </dl>
      </Panel>
      <Panel title="Stints" className="panel-stints">
        <RunTable lines={runLines(history.stints, car, race, units)} unit={unit} name="stint" />
      </Panel>
      <Panel title="Stages" className="panel-stages">
        <RunTable lines={runLines(history.stages, car, race, units)} unit={unit} name="stage" />
      </Panel>
      <Panel title="Where the numbers come from" className="panel-origin">
        <p>{originWords(car)} Every figure is an estimate: no fuel sensor can be read.</p>
      </Panel>
    </div>
  );
}

function originWords(car: CarView): string {
  const provenance = car.lastLapProvenance;
  if (provenance === undefined) return "No lap completed yet.";
  return `Last lap: ${provenanceWords(provenance)}; ${provenance.physicsVersion}, revision ${car.lastLapRevision}.`;
}

function CarTitle(props: {
  readonly view: CarView;
  readonly picture: RaceState;
  readonly settings: Settings;
  readonly cars: readonly CarView[];
  readonly onBack: () => void;
  readonly onMove: (index: number) => void;
}) {
  const { view, cars, settings } = props;
  const row = boardRow(view, props.picture.race, settings.units);
  const index = cars.findIndex((car) => car.car === view.car);
  const before = cars[index - 1]?.car;
  const behind = index === -1 ? undefined : cars[index + 1]?.car;
  return (
    <section className="car-title" aria-label="Car">
      <button type="button" className="control" onClick={props.onBack}>
        <kbd>Esc</kbd> Board
      </button>
      <span className="car-position" title={row.position.reason}>
        P{row.position.text}
      </span>
      <span className="car-badge">{view.car}</span>
      <span className="car-names">
        <b>
          {settings.favourites.includes(view.car) && <span className="star">★ </span>}
          {row.driver === "" ? `Car ${view.car}` : row.driver}
        </b>
        <small>{[row.manufacturer, row.team].filter((text) => text !== "").join(" · ")}</small>
      </span>
      {row.state.code !== "" && <span className={`state state-${row.state.code}`}>{row.state.words}</span>}
      <span className="car-meter">
        <BurnMeter meter={row.meter} />
      </span>
      <span className="car-steps">
        <button
          type="button"
          className="control"
          disabled={before === undefined}
          onClick={() => props.onMove(index - 1)}
        >
          <kbd>↑</kbd> {before ?? "–"}
        </button>
        <button
          type="button"
          className="control"
          disabled={behind === undefined}
          onClick={() => props.onMove(index + 1)}
        >
          <kbd>↓</kbd> {behind ?? "–"}
        </button>
      </span>
    </section>
  );
}

function UnknownCar(props: { readonly id: string; readonly hasCars: boolean; readonly onBack: () => void }) {
  return (
    <main className="empty" data-testid="unknown-car">
      <h1>{props.hasCars ? `No car ${props.id} in this race` : `Car ${props.id}: waiting for telemetry`}</h1>
      <p>The page fills by itself when the car appears.</p>
      <button type="button" className="control" onClick={props.onBack}>
        <kbd>Esc</kbd> Board
      </button>
    </main>
  );
}

function Panel(props: { readonly title: string; readonly className: string; readonly children: ReactNode }) {
  return (
    <section className={`panel ${props.className}`} aria-label={props.title}>
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

function FigureTile({ figure }: { readonly figure: Figure }) {
  const isKnown = figure.value.reason === undefined;
  return (
    <div className="tile" data-known={isKnown}>
      <span className="tile-label">{figure.label}</span>
      <span className="tile-value">
        <b>{figure.value.text}</b>
        {isKnown && <small>{figure.unit}</small>}
      </span>
      <span className="tile-note">{figure.value.reason ?? figure.note}</span>
    </div>
  );
}

function FigureLine({ figure }: { readonly figure: Figure }) {
  const isKnown = figure.value.reason === undefined;
  return (
    <div>
      <dt>{figure.label}</dt>
      <dd>
        <b>{figure.value.text}</b> {isKnown && figure.unit}
      </dd>
      <dd className="note">{figure.value.reason ?? figure.note}</dd>
    </div>
  );
}

/** Lines in the lap table; the chart has them all. */
const LAP_LINES_MAX = 400;

function LapTable({ lines, unit }: { readonly lines: readonly LapLine[]; readonly unit: string }) {
  if (lines.length === 0) return <p className="nothing">No lap completed yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls has to be reachable by key
    <div className="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>Lap</th>
            <th>{unit}</th>
            <th>8 of 10</th>
            <th>Time</th>
            <th className="words">Note</th>
          </tr>
        </thead>
        <tbody>
          {lines.slice(0, LAP_LINES_MAX).map((line) => (
            <tr key={line.key} data-invalid={!line.isValid}>
              <td>{line.lapNumber}</td>
              <td title={line.reading.reason}>
                <b>{line.reading.text}</b>
              </td>
              <td>{line.interval}</td>
              <td title={line.time.reason}>{line.time.text}</td>
              <td className="words">
                {[line.note, line.isFinal ? "" : "may still change"].filter(Boolean).join("; ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function RunTable(props: { readonly lines: readonly RunLine[]; readonly unit: string; readonly name: string }) {
  if (props.lines.length === 0) return <p className="nothing">No {props.name} yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls has to be reachable by key
    <div className="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th>#</th>
            <th>Laps</th>
            <th>Fuel</th>
            <th>{props.unit}</th>
            <th className="words">Burnt under</th>
          </tr>
        </thead>
        <tbody>
          {props.lines.toReversed().map((line) => (
            <tr key={line.key}>
              <td>{line.number}</td>
              <td>{line.laps}</td>
              <td title={line.burn.reason}>
                <b>{line.burn.text}</b>
              </td>
              <td title={line.reading.reason}>{line.reading.text}</td>
              <td className="words">{line.isComplete ? line.split : `running: ${line.split}`}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
