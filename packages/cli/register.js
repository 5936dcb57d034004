// For programs of one's own: node --import @kagzi/cli/register start.ts
import { registerTypeScript } from "./dist/typescript/register.js";

registerTypeScript();
