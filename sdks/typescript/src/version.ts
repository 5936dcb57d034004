export const SDK_VERSION = "0.1.0";

/** The versions of the contract that this SDK speaks. See docs/adr/0025-a-worker-and-its-server-agree-on-a-protocol.md. */
export const PROTOCOLS = { protocol: 1, oldestProtocol: 1 };
