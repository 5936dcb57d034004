export type { CrashReport } from "./crash-test.ts";
export { TestEnvironment, type TestOptions } from "./environment.ts";
export type { StepMock } from "./mocks.ts";
