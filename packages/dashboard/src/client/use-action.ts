import { useState } from "react";
import { toast } from "../components/toast.tsx";
import { problemOf } from "./errors.ts";

/** Something that a person does to the system. */
export interface Action<Args extends readonly unknown[]> {
  readonly isBusy: boolean;
  /** True: it was done. False: it failed, and the person was told why. */
  readonly run: (...args: Args) => Promise<boolean>;
}

/** Calls, tells when it is done, and tells in plain words when it failed. What `act` answers with is what is told. */
export function useAction<Args extends readonly unknown[]>(
  act: (...args: Args) => Promise<string | undefined>,
): Action<Args> {
  const [isBusy, setBusy] = useState(false);
  const run = async (...args: Args) => {
    setBusy(true);
    try {
      const done = await act(...args);
      if (done !== undefined) toast(done);
      return true;
    } catch (thrown) {
      toast(problemOf(thrown).message, "bad");
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { isBusy, run };
}
