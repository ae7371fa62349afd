import { isCarId } from "@burnline/contract";
import { useEffect, useState } from "react";

/** The page's address after the #: "#/" is the board, "#/car/24" a car. Anything else leads to the board. */
interface Route {
  /** undefined: the board. */
  readonly car: string | undefined;
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const changed = () => setRoute(parseRoute(location.hash));
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

export function goToCar(car: string): void {
  location.hash = `#/car/${car}`;
}

export function goToBoard(): void {
  location.hash = "#/";
}

function parseRoute(hash: string): Route {
  const car = /^#\/car\/([^/]+)$/.exec(hash)?.[1];
  return { car: car !== undefined && isCarId(car) ? car : undefined };
}
