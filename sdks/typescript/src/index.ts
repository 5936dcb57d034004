export type { Payload } from "@kagzi/proto";
