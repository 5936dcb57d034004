export { type Choice, Actors, OPERATIONS } from "./acting.ts";
export {
  type Coverage,
  type Loss,
  type Sequence,
  type Subject,
  Differential,
  nameOf,
  sequences,
} from "./differential.ts";
export { DEFAULT, LEASE_MS, newId, workerOf } from "./making.ts";
export { type Call, type World, answerOf, lapsedOf, newWorld, take } from "./oracle.ts";
export { type Place, ask, viewOfStore, viewOfWorld } from "./real.ts";
export { ACTS, type Act, STATES, Stage, type State } from "./stage.ts";
