import { FlagState } from "@burnline/contract";

/*
 * Bits of iRacing's SessionFlags channel (irsdk_Flags in irsdk_defines.h). `yellow` 0x8 and `yellowWaving` 0x100 are
 * local: they warn of one corner and leave the race green. Only the two caution bits put the field behind the pace car.
 */
const CHECKERED = 0x1;
const WHITE = 0x2;
const RED = 0x10;
const CAUTION = 0x4000;
const CAUTION_WAVING = 0x8000;

/** The one flag that counts for fuel; several bits can be set at once, the most restrictive wins. */
export function flagOfSessionFlags(bits: number): FlagState {
  if ((bits & CHECKERED) !== 0) return FlagState.CHECKERED;
  if ((bits & RED) !== 0) return FlagState.RED;
  if ((bits & (CAUTION | CAUTION_WAVING)) !== 0) return FlagState.CAUTION;
  if ((bits & WHITE) !== 0) return FlagState.WHITE;
  return FlagState.GREEN;
}
