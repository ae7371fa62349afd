import type { FeedConnection } from "@burnline/contract/feed-client";
import { createContext, useContext, useEffect, useState, useSyncExternalStore } from "react";
import type { Picture, RaceStore } from "./race-store.ts";

/** What main.tsx wires once for the whole page. */
interface PageParts {
  readonly store: RaceStore;
  readonly feed: FeedConnection;
}

export const PageContext = createContext<PageParts | undefined>(undefined);

export function usePageParts(): PageParts {
  const parts = useContext(PageContext);
  if (parts === undefined) throw new Error("no PageContext above this component");
  return parts;
}

export function usePicture(): Picture {
  const { store } = usePageParts();
  return useSyncExternalStore(store.subscribe, store.picture);
}

/** Wall time that moves on by itself, for ages that have to grow while nothing arrives. */
export function useNowMs(intervalMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs]);
  return nowMs;
}

/** Follows a topic of the feed as long as the component is on the page. */
export function useTopic(topic: string): void {
  const { feed } = usePageParts();
  useEffect(() => feed.subscribe(topic), [feed, topic]);
}
