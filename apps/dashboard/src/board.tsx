import type { CarView, RaceView } from "@burnline/contract";
import { type CSSProperties, memo, type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import { type BoardRow, boardRow, rowWords } from "./board-row.ts";
import { BurnMeter } from "./burn-meter.tsx";
import type { Shown } from "./format.ts";
import { UNIT_WORDS } from "./fuel-reading.ts";
import type { Settings, Units } from "./settings.ts";

/** One column is easier to read as long as its lines stay this high; beyond, two halves keep them readable. */
const ONE_COLUMN_LINE_PX_MIN = 34;
/** Head, foot and alerts of the page. */
const OTHER_LINES_PX = 160;
/** Narrower than this there is no room for two halves. */
const TWO_COLUMNS_WIDTH_PX_MIN = 1_000;

const HALVES = ["left", "right"] as const;

/** All cars of the race in lines of equal height, in one or two halves read downwards. */
export function Board(props: {
  readonly cars: readonly CarView[];
  readonly race: RaceView | undefined;
  readonly settings: Settings;
  readonly chosen: string | undefined;
  readonly isFiltered: boolean;
  /** Told to the keys: how many lines one step to the other half is. */
  readonly rowsPerColumn: RefObject<number>;
  readonly onChoose: (car: string) => void;
  readonly onOpen: (car: string) => void;
}) {
  const { cars, race, settings, chosen } = props;
  const columns = columnCount(cars.length, useWindowSize());
  const rows = Math.max(1, Math.ceil(cars.length / columns));
  props.rowsPerColumn.current = rows;
  const grid = useRef<HTMLDivElement>(null);
  const hasCars = cars.length > 0;
  useEffect(() => {
    if (hasCars) grid.current?.focus({ preventScroll: true });
  }, [hasCars]);
  const chosenCar = cars.find((car) => car.car === chosen);
  return (
    <main className="board" style={{ "--rows": rows, "--columns": columns } as CSSProperties} aria-label="Board">
      <div className="board-heads" aria-hidden="true">
        {HALVES.slice(0, columns).map((half) => (
          <ColumnHeads key={half} settings={settings} />
        ))}
      </div>
      {cars.length === 0 ? (
        <p className="board-nothing">
          {props.isFiltered ? "No car matches the filter. Esc clears it." : "No cars yet."}
        </p>
      ) : (
        <div
          ref={grid}
          className="board-grid"
          role="listbox"
          aria-label="All cars"
          aria-activedescendant={chosen === undefined ? undefined : `car-${chosen}`}
          tabIndex={0}
          data-testid="board"
        >
          {cars.map((car) => (
            <Row
              key={car.car}
              car={car}
              race={race?.definition === undefined ? undefined : race}
              trackLengthM={race?.definition?.track?.lengthM ?? 0}
              units={settings.units}
              isChosen={car.car === chosen}
              isFavourite={settings.favourites.includes(car.car)}
              onChoose={props.onChoose}
              onOpen={props.onOpen}
            />
          ))}
        </div>
      )}
      <DetailLine car={chosenCar} race={race} units={settings.units} />
    </main>
  );
}

function ColumnHeads({ settings }: { readonly settings: Settings }) {
  const unit = UNIT_WORDS[settings.units].short;
  return (
    <div className="row heads">
      <span className="c-position">POS</span>
      <span className="c-car">CAR</span>
      <span className="c-driver">DRIVER</span>
      <span className="c-number">
        LAST <small>{unit}</small>
      </span>
      <span className="c-number">
        AVG <small>{unit}</small>
      </span>
      <span className="c-meter">METER</span>
      <span className="c-left">LAPS LEFT</span>
      <span className="c-saved">SAVED</span>
      <span className="c-stint">STINT</span>
    </div>
  );
}

interface RowProps {
  readonly car: CarView;
  readonly race: RaceView | undefined;
  readonly trackLengthM: number;
  readonly units: Units;
  readonly isChosen: boolean;
  readonly isFavourite: boolean;
  readonly onChoose: (car: string) => void;
  readonly onOpen: (car: string) => void;
}

const Row = memo(PlainRow, (before, after) => {
  // The race changes with every message; of it a row needs only the track, the car profile and the flag.
  const { race: _before, ...old } = before;
  const { race: _after, ...next } = after;
  return (
    before.race?.definition?.carProfile === after.race?.definition?.carProfile &&
    before.race?.flag === after.race?.flag &&
    Object.entries(next).every(([name, value]) => old[name as keyof typeof old] === value)
  );
});

function PlainRow(props: RowProps) {
  const { car, isChosen, isFavourite } = props;
  const row = boardRow(car, props.race, props.units);
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (isChosen) element.current?.scrollIntoView({ block: "nearest" });
  }, [isChosen]);
  const classes = ["row", isChosen ? "chosen" : "", car.stale ? "stale" : "", row.isLow ? "low" : ""];
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter is heard by the page, for the chosen row
    // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and points at the chosen row
    <div
      ref={element}
      id={`car-${car.car}`}
      className={classes.filter((name) => name !== "").join(" ")}
      role="option"
      aria-label={optionLabel(row)}
      aria-selected={isChosen}
      data-car={car.car}
      onClick={() => props.onChoose(car.car)}
      onDoubleClick={() => props.onOpen(car.car)}
    >
      <Cell className="c-position" value={row.position} />
      <span className="c-car">
        <b>{car.car}</b>
      </span>
      <DriverCell row={row} isFavourite={isFavourite} />
      <span className="c-number" title={lastLapTitle(row)} data-invalid={row.lastLapCode !== ""}>
        {row.lastLap.text}
        {row.lastLapCode !== "" && <sup>{row.lastLapCode}</sup>}
      </span>
      <Cell className="c-number c-average" value={row.average} />
      <span className="c-meter">
        <BurnMeter meter={row.meter} />
      </span>
      <span className="c-left" title={row.lapsLeft.reason} data-known={row.lapsLeft.reason === undefined}>
        {row.isLow && <i>LOW</i>}
        <b>{row.lapsLeft.text}</b>
        <small>{row.lapsLeftRange}</small>
      </span>
      <Cell className="c-saved" value={row.saved} />
      <Cell className="c-stint" value={row.stintLaps} />
    </div>
  );
}

function DriverCell({ row, isFavourite }: { readonly row: BoardRow; readonly isFavourite: boolean }) {
  const make = row.manufacturer === "" ? "" : row.manufacturer.slice(0, 3).toUpperCase();
  return (
    <span className="c-driver" title={[row.driver, row.team, row.manufacturer].filter(Boolean).join(" · ")}>
      {isFavourite && (
        <span className="star" role="img" aria-label="favourite">
          ★
        </span>
      )}
      <span className="driver">{row.driver === "" ? `Car ${row.car}` : row.driver}</span>
      <span className="make">{make}</span>
      {row.state.code !== "" && (
        <span className={`state state-${row.state.code}`} title={row.state.words}>
          {row.state.code}
        </span>
      )}
    </span>
  );
}

function Cell({ value, className }: { readonly value: Shown; readonly className: string }) {
  return (
    <span className={className} title={value.reason} data-known={value.reason === undefined}>
      {value.text}
    </span>
  );
}

/** Changes once per lap at most: a label that moved with the meter would be read out without end. */
function optionLabel(row: BoardRow): string {
  const name = row.driver === "" ? `car ${row.car}` : `car ${row.car}, ${row.driver}`;
  const left = row.lapsLeft.reason ?? `${row.lapsLeftRange === "" ? row.lapsLeft.text : row.lapsLeftRange} laps left`;
  return [`${row.position.text}: ${name}`, row.state.words, left].filter((words) => words !== "").join(", ");
}

function lastLapTitle(row: BoardRow): string {
  if (row.lastLap.reason !== undefined) return row.lastLap.reason;
  return row.lastLapReasons === "" ? row.provenance : `Not in averages: ${row.lastLapReasons}. ${row.provenance}`;
}

/** Everything about the chosen car in words: what a tooltip would say, but for the keyboard and from two metres. */
function DetailLine(props: {
  readonly car: CarView | undefined;
  readonly race: RaceView | undefined;
  readonly units: Units;
}) {
  const { car } = props;
  if (car === undefined) return <div className="detail" />;
  const row = boardRow(car, props.race, props.units);
  return (
    <div className="detail" data-testid="detail">
      <b className="detail-car">{car.car}</b>
      <strong>{row.driver}</strong>
      <span className="detail-words">{rowWords(row, car, props.units).join("  ·  ")}</span>
      <kbd>Enter</kbd>
    </div>
  );
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function columnCount(cars: number, { width, height }: Size): number {
  if (width < TWO_COLUMNS_WIDTH_PX_MIN) return 1;
  return cars * ONE_COLUMN_LINE_PX_MIN > height - OTHER_LINES_PX ? 2 : 1;
}

function useWindowSize(): Size {
  const [size, setSize] = useState<Size>(() => ({ width: innerWidth, height: innerHeight }));
  useEffect(() => {
    const resized = () => setSize({ width: innerWidth, height: innerHeight });
    addEventListener("resize", resized);
    return () => removeEventListener("resize", resized);
  }, []);
  return size;
}
