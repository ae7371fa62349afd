/** Versions that a reader checks before it believes a message. */
export const FRAME_SCHEMA_VERSION = 1;
export const CONTROL_SCHEMA_VERSION = 1;
export const FACT_SCHEMA_VERSION = 1;
export const ML_SCHEMA_VERSION = 1;
export const PROTOCOL_VERSION = 1;

/** WebSocket subprotocols of the gateway: binary protobuf, and its JSON mapping for people and scripts. */
export const SUBPROTOCOL_PROTO = "burnline.v1.proto";
export const SUBPROTOCOL_JSON = "burnline.v1.json";

/** Offered beside one of the two, this and a viewer's token: a page's WebSocket can send no header of its own. */
export const SUBPROTOCOL_TOKEN_PREFIX = "burnline.token.";
/** Close code of the feed to a page without a valid token: a page cannot read the status of a refused upgrade. */
export const CLOSE_UNAUTHORIZED = 4401;
