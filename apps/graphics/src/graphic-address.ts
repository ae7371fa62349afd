import { hashOf, tokenOf } from "@burnline/contract/feed-client";
import type { AirUnits } from "./graphic-data.ts";

/** What may be chosen for an address beside the car. */
export interface AddressChoice {
  readonly units: AirUnits;
  /** Off air until the playout server says play(). */
  readonly waits: boolean;
  /** Says on the page what is wrong; not for air. */
  readonly debug: boolean;
}

/** The burn bar of a car beside the page at `page`, with its token; says only what differs from the bar's defaults. */
export function graphicAddress(page: string, car: string, { units, waits, debug }: AddressChoice): string {
  const address = new URL("burn-bar.html", page);
  address.searchParams.set("car", car);
  if (units !== "mpg") address.searchParams.set("units", units);
  if (waits) address.searchParams.set("autoplay", "0");
  if (debug) address.searchParams.set("debug", "1");
  address.hash = hashOf(tokenOf(new URL(page).hash));
  return address.href;
}

/** Whether the addresses of a page on this host lead nowhere on another machine. */
export function isOnlyHere(hostname: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/.test(hostname) || hostname.endsWith(".localhost");
}
