export type { EventLogFixture } from "./event-log-fixture.ts";
export { eventLogSuite } from "./event-log-suite.ts";
export type { LiveChannelFixture } from "./live-channel-suite.ts";
export { liveChannelSuite } from "./live-channel-suite.ts";
export type { SnapshotStoreFixture } from "./snapshot-store-suite.ts";
export { snapshotStoreSuite } from "./snapshot-store-suite.ts";
export type { StateStoreFixture } from "./state-records.ts";
export { stateStoreSuite } from "./state-store-suite.ts";
