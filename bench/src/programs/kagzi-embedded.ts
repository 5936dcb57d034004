import { inOneProcess } from "./kagzi.ts";
import { serve } from "./program.ts";

serve(inOneProcess());
