import { useEffect, useState } from "react";
import { readSettings, type Settings, writeSettings } from "./settings.ts";

/** The settings of this browser, written back with every change. */
export function useSettings(): [Settings, (change: (settings: Settings) => Settings) => void] {
  const [settings, setSettings] = useState(() => readSettings(browserStorage()));
  useEffect(() => {
    writeSettings(browserStorage(), settings);
  }, [settings]);
  return [settings, setSettings];
}

/** Even asking for localStorage throws where the browser forbids it; the settings then last as long as the page. */
function browserStorage(): Pick<Storage, "getItem" | "setItem"> {
  try {
    return localStorage;
  } catch {
    return { getItem: () => null, setItem: () => undefined };
  }
}
