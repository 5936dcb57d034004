import { overServer } from "./kagzi.ts";
import { serve } from "./program.ts";

serve(overServer());
