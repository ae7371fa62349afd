/** What race control, timing and the pit wall say. Times are event times in whole ms. No event carries hidden truth. */
export type SimFlag = "green" | "caution" | "red" | "white" | "checkered";

export type SimEvent =
  | { readonly type: "raceStarted"; readonly timeMs: number }
  | { readonly type: "flagChanged"; readonly timeMs: number; readonly flag: SimFlag }
  | { readonly type: "pitRoadEntered"; readonly timeMs: number; readonly car: string }
  | { readonly type: "boxStopped"; readonly timeMs: number; readonly car: string }
  /** What the pit wall reports: weighed cans, so litres are off by about half a litre; 0 = filled up, amount unknown. */
  | {
      readonly type: "fuelFilled";
      readonly timeMs: number;
      readonly car: string;
      readonly litres: number;
      readonly full: boolean;
    }
  | { readonly type: "boxLeft"; readonly timeMs: number; readonly car: string }
  | { readonly type: "pitRoadLeft"; readonly timeMs: number; readonly car: string }
  /** Lap 0 is the way from the grid to the line: it is completed when the car starts lap 1. */
  | { readonly type: "lapCompleted"; readonly timeMs: number; readonly car: string; readonly lapNumber: number }
  | { readonly type: "stageEnded"; readonly timeMs: number; readonly stageNumber: number }
  | {
      readonly type: "incident";
      readonly timeMs: number;
      readonly car: string;
      readonly text: string;
      readonly towed: boolean;
    };
