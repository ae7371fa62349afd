export type { FeedListener, FeedPorts, FeedSocket, FeedSocketEvents } from "./feed-connection.ts";
export { FEED_MESSAGE_BYTES_MAX, FeedConnection, SUBSCRIPTIONS_MAX } from "./feed-connection.ts";
export type { ClosedReason, FeedCommand, FeedEvent, FeedState, FeedStep } from "./feed-state.ts";
export { FEED_NOT_STARTED, feedStep, isRefused, nextWakeMs, STALE_AFTER_MS } from "./feed-state.ts";
export { newestCar } from "./newest-car.ts";
export { hashOf, tokenOf } from "./page-token.ts";
export { FUTURE_VIEW_MS_MAX, isOfOtherRun, ServerClock, toWallMs } from "./server-clock.ts";
export type { WebSocketLike, WebWorld } from "./web-socket-ports.ts";
export { feedUrl, webSocketPorts } from "./web-socket-ports.ts";
