import type { ControlEvent } from "./generated/burnline/v1/control_pb.js";

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
