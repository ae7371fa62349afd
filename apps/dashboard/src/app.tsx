import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { AlertStrip } from "./alert-strip.tsx";
import { Board } from "./board.tsx";
import { type BoardFilter, boardOrder, NO_FILTER, SORT_WORDS } from "./board-order.ts";
import { CarPage } from "./car-page.tsx";
import { FeedBanner } from "./feed-banner.tsx";
import { UNIT_WORDS } from "./fuel-reading.ts";
import { Headline } from "./headline.tsx";
import { HelpOverlay } from "./help-overlay.tsx";
import { type KeyAction, keyAction, type Page } from "./key-bindings.ts";
import { useNowMs, usePageParts, usePicture, useTopic } from "./page-context.tsx";
import { feedHealth } from "./race-headline.ts";
import { goToBoard, goToCar, useRoute } from "./route.tsx";
import { nextOf, SORTS, toggleFavourite, UNITS } from "./settings.ts";
import { useSettings } from "./settings-state.tsx";

/** The page: keeps what the person chose (car, order, unit) and leads every key to what it changes. */
export function App() {
  useTopic("board");
  useTopic("alerts");
  const picture = usePicture();
  const nowMs = useNowMs(500);
  const { feed } = usePageParts();
  const route = useRoute();
  const [settings, setSettings] = useSettings();
  const [filter, setFilter] = useState<BoardFilter>(NO_FILTER);
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [said, setSaid] = useState("");
  const filterInput = useRef<HTMLInputElement>(null);
  const rowsPerColumn = useRef(0);

  const { race } = picture;
  const cars = useMemo(
    () => boardOrder(race.cars.values(), settings.sort, filter, settings.favourites),
    [race.cars, settings.sort, settings.favourites, filter],
  );
  const page: Page = route.car === undefined ? "board" : "car";
  const current = route.car ?? (cars.some((car) => car.car === chosen) ? chosen : cars[0]?.car);
  const health = feedHealth(picture, nowMs, feed.clock.offsetMs);

  const choose = (index: number) => {
    const car = cars[Math.max(0, Math.min(cars.length - 1, index))]?.car;
    if (car === undefined) return;
    setChosen(car);
    if (page === "car") goToCar(car);
  };

  const act = (action: KeyAction) => {
    const index = cars.findIndex((car) => car.car === current);
    switch (action.type) {
      case "move":
        return choose(index + action.rows);
      case "column": {
        const target = index + action.columns * rowsPerColumn.current;
        return target >= 0 && target < cars.length ? choose(target) : undefined;
      }
      case "first":
        return choose(0);
      case "last":
        return choose(cars.length - 1);
      case "open":
        return current === undefined ? undefined : goToCar(current);
      case "back":
        if (isHelpOpen) return setHelpOpen(false);
        return page === "car" ? backToBoard() : setFilter(NO_FILTER);
      case "filter":
        return filterInput.current?.focus();
      case "sort": {
        const sort = nextOf(SORTS, settings.sort);
        setSaid(`Order: ${SORT_WORDS[sort]}`);
        return setSettings((settings) => ({ ...settings, sort }));
      }
      case "units": {
        const units = nextOf(UNITS, settings.units);
        setSaid(`Unit: ${UNIT_WORDS[units].long}`);
        return setSettings((settings) => ({ ...settings, units }));
      }
      case "favourite":
        return current === undefined ? undefined : setSettings((settings) => toggleFavourite(settings, current));
      case "favouritesOnly":
        return setFilter((filter) => ({ ...filter, favouritesOnly: !filter.favouritesOnly }));
      case "help":
        return setHelpOpen((isOpen) => !isOpen);
    }
  };

  const backToBoard = () => {
    setChosen(route.car);
    goToBoard();
  };

  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    // Enter on a button or link is that button's.
    if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("button, a")) return;
    const action = keyAction(event, page);
    if (action === undefined || (isHelpOpen && action.type !== "help" && action.type !== "back")) return;
    event.preventDefault();
    act(action);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);

  const hasRace = race.cars.size > 0 || race.race?.definition !== undefined;
  return (
    <div className="page" data-health={health.type} data-testid="page">
      <Headline
        race={race.race}
        health={health}
        settings={settings}
        filter={filter}
        filterInput={filterInput}
        page={page}
        shownCars={cars.length}
        onAction={act}
        onFilter={setFilter}
      />
      <FeedBanner health={health} notice={race.notice} hasRace={hasRace} />
      {route.car !== undefined ? (
        <CarPage car={route.car} picture={race} settings={settings} onBack={backToBoard} onMove={choose} cars={cars} />
      ) : (
        hasRace && (
          <Board
            cars={cars}
            race={race.race}
            settings={settings}
            chosen={current}
            isFiltered={filter !== NO_FILTER}
            rowsPerColumn={rowsPerColumn}
            onChoose={setChosen}
            onOpen={goToCar}
          />
        )
      )}
      <AlertStrip alerts={race.alerts} onOpen={goToCar} />
      {isHelpOpen && <HelpOverlay page={page} onClose={() => setHelpOpen(false)} />}
      <div className="visually-hidden" role="status">
        {said}
      </div>
    </div>
  );
}
