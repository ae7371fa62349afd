import type { RaceView } from "@burnline/contract";
import { type RefObject, useId } from "react";
import { type BoardFilter, SORT_WORDS } from "./board-order.ts";
import { UNIT_WORDS } from "./fuel-reading.ts";
import type { KeyAction, Page } from "./key-bindings.ts";
import { type FeedHealth, type FlagWord, raceHeadline } from "./race-headline.ts";
import type { Settings } from "./settings.ts";

/** The band on top of every page: flag, lap, stage; order, unit and filter; how the connection does. */
export function Headline(props: {
  readonly race: RaceView | undefined;
  readonly health: FeedHealth;
  readonly settings: Settings;
  readonly filter: BoardFilter;
  readonly filterInput: RefObject<HTMLInputElement | null>;
  readonly page: Page;
  readonly onAction: (action: KeyAction) => void;
  readonly onFilter: (filter: BoardFilter) => void;
}) {
  const { race, health, settings, page } = props;
  return (
    <header className="headline">
      <RaceSummary race={race} health={health} />
      <div className="controls">
        {page === "board" && race !== undefined && <FilterField {...props} />}
        {page === "board" && race !== undefined && (
          <button type="button" className="control" tabIndex={-1} onClick={() => props.onAction({ type: "sort" })}>
            <kbd>S</kbd>
            <span data-testid="sort">{SORT_WORDS[settings.sort]}</span>
          </button>
        )}
        <button
          type="button"
          className="control"
          tabIndex={-1}
          title={UNIT_WORDS[settings.units].long}
          onClick={() => props.onAction({ type: "units" })}
        >
          <kbd>U</kbd>
          <span data-testid="units">{UNIT_WORDS[settings.units].perLap}</span>
        </button>
        <button
          type="button"
          className="control"
          tabIndex={-1}
          aria-label="Help"
          onClick={() => props.onAction({ type: "help" })}
        >
          <kbd>?</kbd>
        </button>
        <div className={`health health-${health.type}`} title={health.words} data-testid="health">
          <span className="health-mark" aria-hidden="true" />
          {HEALTH_WORDS[health.type]}
        </div>
      </div>
    </header>
  );
}

function RaceSummary({ race, health }: { readonly race: RaceView | undefined; readonly health: FeedHealth }) {
  if (race === undefined) return <div className="race-name brand">Burnline</div>;
  const head = raceHeadline(race);
  const lost = head.carsStale > 0 ? `${head.carsStale} of ${head.carsTotal} cars without telemetry` : "";
  return (
    <>
      <Flag word={head.flag} isStale={health.type !== "live"} />
      <div className="lap" title={head.lap.reason}>
        <small>LAP</small>
        <b data-testid="leader-lap">{head.lap.text}</b>
        {head.scheduledLaps.reason === undefined && <span>/ {head.scheduledLaps.text}</span>}
      </div>
      {head.lapsToGo.reason === undefined && (
        <div className="lap">
          <b>{head.lapsToGo.text}</b>
          <small>TO GO</small>
        </div>
      )}
      <div className="race-name">
        <b>{head.name}</b>
        <span>
          {[head.track, head.stage.reason === undefined ? `Stage ${head.stage.text}` : "", lost]
            .filter((text) => text !== "")
            .join(" · ")}
        </span>
      </div>
    </>
  );
}

function Flag({ word, isStale }: { readonly word: FlagWord; readonly isStale: boolean }) {
  return (
    <div className={`flag flag-${word}`} data-stale={isStale} role="img" aria-label={`Flag: ${FLAG_WORDS[word]}`}>
      <span>{FLAG_WORDS[word]}</span>
    </div>
  );
}

function FilterField(props: {
  readonly filter: BoardFilter;
  readonly filterInput: RefObject<HTMLInputElement | null>;
  readonly onFilter: (filter: BoardFilter) => void;
}) {
  const { filter, onFilter } = props;
  const id = useId();
  return (
    <div className="filter">
      <label htmlFor={id}>
        <kbd>/</kbd>
        <span className="visually-hidden">Filter by number, driver, team or make</span>
      </label>
      <input
        id={id}
        ref={props.filterInput}
        value={filter.text}
        placeholder="filter"
        autoComplete="off"
        spellCheck={false}
        maxLength={40}
        onChange={(event) => onFilter({ ...filter, text: event.target.value })}
        onKeyDown={(event) => {
          if (event.key === "Escape") onFilter({ ...filter, text: "" });
          if (event.key === "Escape" || event.key === "Enter") event.currentTarget.blur();
        }}
      />
      {filter.favouritesOnly && <span className="only-favourites">★ only</span>}
    </div>
  );
}

const HEALTH_WORDS: Readonly<Record<FeedHealth["type"], string>> = {
  waiting: "WAITING",
  connecting: "CONNECTING",
  live: "LIVE",
  stale: "OLD DATA",
  reconnecting: "RECONNECTING",
  refused: "NO TOKEN",
  closed: "CLOSED",
};

const FLAG_WORDS: Readonly<Record<FlagWord, string>> = {
  green: "GREEN",
  caution: "CAUTION",
  red: "RED",
  white: "WHITE",
  checkered: "FINISH",
  none: "NO FLAG",
};
