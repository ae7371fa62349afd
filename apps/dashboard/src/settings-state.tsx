import { useEffect, useState } from "react";
import { browserStorage } from "./browser-storage.tsx";
import { readSettings, type Settings, writeSettings } from "./settings.ts";

/** The settings of this browser, written back with every change. */
export function useSettings(): [Settings, (change: (settings: Settings) => Settings) => void] {
  const [settings, setSettings] = useState(() => readSettings(browserStorage()));
  useEffect(() => {
    writeSettings(browserStorage(), settings);
  }, [settings]);
  return [settings, setSettings];
}
