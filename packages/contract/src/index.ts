export { create, fromBinary, fromJson, fromJsonString, toBinary, toJson, toJsonString } from "@bufbuild/protobuf";
export { controlCar } from "./control-car.ts";
export type { FrameFault } from "./frame.ts";
export { decodeFrame, frameFault, STATUS_OFF_TRACK, STATUS_ON_PIT_ROAD, STATUS_RESET } from "./frame.ts";
export * from "./generated/burnline/v1/control_pb.js";
export * from "./generated/burnline/v1/fact_pb.js";
export * from "./generated/burnline/v1/live_pb.js";
export * from "./generated/burnline/v1/recording_pb.js";
export * from "./generated/burnline/v1/telemetry_pb.js";
export * from "./limits.ts";
export { partitionOf } from "./partition.ts";
export {
  encodeRecordedControl,
  encodeRecordedFrame,
  encodeRecordingHeader,
  RECORDING_FORMAT_VERSION,
} from "./recording.ts";
export type { FactKind, RecordKind } from "./subjects.ts";
export { isCarId, isRaceId, parseFactSubject, parseRaceSubject, subjects } from "./subjects.ts";
export * from "./versions.ts";
