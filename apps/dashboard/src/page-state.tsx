import type { CarView } from "@burnline/contract";
import { type RefObject, useMemo, useRef, useState } from "react";
import { type BoardFilter, boardOrder, NO_FILTER } from "./board-order.ts";
import type { Page } from "./key-bindings.ts";
import { usePicture } from "./page-context.tsx";
import type { Picture } from "./race-store.ts";
import { useRoute } from "./route.tsx";
import type { Settings } from "./settings.ts";
import { useSettings } from "./settings-state.tsx";

/** What is on the page and what the person chose, with the ways to change it. */
export interface PageState {
  readonly page: Page;
  readonly picture: Picture;
  readonly settings: Settings;
  readonly filter: BoardFilter;
  /** In the order of the board. */
  readonly cars: readonly CarView[];
  /** The car of the page, or the chosen one of the board; undefined without cars. */
  readonly current: string | undefined;
  /** The car of the page's address; undefined on the board. */
  readonly routeCar: string | undefined;
  readonly isHelpOpen: boolean;
  /** Said to screen readers when a key changed something. */
  readonly said: string;
  readonly filterInput: RefObject<HTMLInputElement | null>;
  /** How many lines one step to the other half of the board is. */
  readonly rowsPerColumn: RefObject<number>;
  changeSettings(change: (settings: Settings) => Settings): void;
  changeFilter(filter: BoardFilter): void;
  choose(car: string | undefined): void;
  openHelp(isOpen: boolean): void;
  say(words: string): void;
}

export function usePageState(): PageState {
  const picture = usePicture();
  const { car: routeCar } = useRoute();
  const [settings, changeSettings] = useSettings();
  const [filter, changeFilter] = useState<BoardFilter>(NO_FILTER);
  const [chosen, choose] = useState<string | undefined>(undefined);
  const [isHelpOpen, openHelp] = useState(false);
  const [said, say] = useState("");
  const filterInput = useRef<HTMLInputElement>(null);
  const rowsPerColumn = useRef(0);

  const { cars: allCars } = picture.race;
  const cars = useMemo(
    () => boardOrder(allCars.values(), settings.sort, filter, settings.favourites),
    [allCars, settings.sort, settings.favourites, filter],
  );
  const current = routeCar ?? (cars.some((car) => car.car === chosen) ? chosen : cars[0]?.car);
  return {
    page: routeCar === undefined ? "board" : "car",
    picture,
    settings,
    filter,
    cars,
    current,
    routeCar,
    isHelpOpen,
    said,
    filterInput,
    rowsPerColumn,
    changeSettings,
    changeFilter,
    choose,
    openHelp,
    say,
  };
}
