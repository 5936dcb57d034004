export * from "./gen/kagzi/v1/admin_pb.ts";
export * from "./gen/kagzi/v1/common_pb.ts";
export * from "./gen/kagzi/v1/event_pb.ts";
export * from "./gen/kagzi/v1/namespace_pb.ts";
export * from "./gen/kagzi/v1/schedule_pb.ts";
export * from "./gen/kagzi/v1/step_pb.ts";
export * from "./gen/kagzi/v1/worker_pb.ts";
export * from "./gen/kagzi/v1/workflow_pb.ts";
