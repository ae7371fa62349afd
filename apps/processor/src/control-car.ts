import type { ControlEvent } from "@burnline/contract";

/** The one car that a control event is about; undefined when it concerns all. */
export function controlCar({ event }: ControlEvent): string | undefined {
  switch (event.case) {
    case "pitRoadEntered":
    case "pitRoadLeft":
    case "boxStopped":
    case "boxLeft":
    case "fuelFilled":
    case "incidentReported":
    case "lapLineCrossed":
      return event.value.car;
    default:
      return undefined;
  }
}
