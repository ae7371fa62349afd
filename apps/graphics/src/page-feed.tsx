import { FeedConnection, feedUrl, tokenOf, webSocketPorts } from "@burnline/contract/feed-client";

/** The feed of the gateway that served this page. */
export function pageFeed(listener: ConstructorParameters<typeof FeedConnection>[1]): FeedConnection {
  const ports = webSocketPorts({
    url: feedUrl(location),
    token: () => tokenOf(location.hash),
    WebSocket,
    nowMs: () => Date.now(),
    random: Math.random,
    setTimeout: (run, delayMs) => setTimeout(run, delayMs),
    clearTimeout: (timer) => clearTimeout(timer),
  });
  return new FeedConnection(ports, listener);
}
