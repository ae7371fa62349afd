import { useEffect, useEffectEvent } from "react";
import { NO_FILTER, SORT_WORDS } from "./board-order.ts";
import { UNIT_WORDS } from "./fuel-reading.ts";
import { type KeyAction, keyAction } from "./key-bindings.ts";
import type { PageState } from "./page-state.tsx";
import { goToBoard, goToCar } from "./route.tsx";
import { nextOf, SORTS, toggleFavourite, UNITS } from "./settings.ts";

/** Does what a key or a button asks for. */
export function actOn(state: PageState, action: KeyAction): void {
  const { cars, current, settings } = state;
  const index = cars.findIndex((car) => car.car === current);
  switch (action.type) {
    case "move":
      chooseAt(state, index + action.rows);
      break;
    case "column": {
      const target = index + action.columns * state.rowsPerColumn.current;
      if (target >= 0 && target < cars.length) chooseAt(state, target);
      break;
    }
    case "first":
      chooseAt(state, 0);
      break;
    case "last":
      chooseAt(state, cars.length - 1);
      break;
    case "open":
      if (current !== undefined) goToCar(current);
      break;
    case "back":
      goBack(state);
      break;
    case "filter":
      state.filterInput.current?.focus();
      break;
    case "sort": {
      const sort = nextOf(SORTS, settings.sort);
      state.say(`Order: ${SORT_WORDS[sort]}`);
      state.changeSettings((before) => ({ ...before, sort }));
      break;
    }
    case "units": {
      const units = nextOf(UNITS, settings.units);
      state.say(`Unit: ${UNIT_WORDS[units].long}`);
      state.changeSettings((before) => ({ ...before, units }));
      break;
    }
    case "favourite":
      if (current !== undefined) state.changeSettings((before) => toggleFavourite(before, current));
      break;
    case "favouritesOnly":
      state.changeFilter({ ...state.filter, favouritesOnly: !state.filter.favouritesOnly });
      break;
    case "help":
      state.openHelp(!state.isHelpOpen);
      break;
  }
}

/** The car at a place of the board, as far as there is one; on a car's page it opens that car's page. */
export function chooseAt(state: PageState, index: number): void {
  const car = state.cars[Math.max(0, Math.min(state.cars.length - 1, index))]?.car;
  if (car === undefined) return;
  state.choose(car);
  if (state.page === "car") goToCar(car);
}

export function goBack(state: PageState): void {
  if (state.isHelpOpen) {
    state.openHelp(false);
  } else if (state.page === "car") {
    state.choose(state.routeCar);
    goToBoard();
  } else {
    state.changeFilter(NO_FILTER);
  }
}

/** Keys work wherever the focus is, except in a field, and Enter on a button is the button's. */
export function useKeys(state: PageState): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("button, a")) return;
    const action = keyAction(event, state.page);
    if (action === undefined || (state.isHelpOpen && action.type !== "help" && action.type !== "back")) return;
    event.preventDefault();
    actOn(state, action);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, []);
}
