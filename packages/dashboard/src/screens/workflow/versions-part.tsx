import type { WorkflowTypeVersion } from "@kagzi/proto";
import { type ReactNode, useState } from "react";
import { plural } from "../../app/format.ts";
import { useNamespace } from "../../app/namespace.tsx";
import { api } from "../../client/api.ts";
import { useAction } from "../../client/use-action.ts";
import { useLive } from "../../client/use-live.ts";
import { Button } from "../../components/button.tsx";
import { Confirm } from "../../components/dialog.tsx";
import { Looked } from "../../components/looked.tsx";
import { Section } from "../../components/section.tsx";

const EVERY_MS = 5000;
const MOST = 1000;

interface Versions {
  readonly versions: readonly Pick<WorkflowTypeVersion, "version" | "workersOnline">[];
  readonly defaultVersion: string;
  /** Somebody said so. */
  readonly pinned: boolean;
}

/** Which versions there are, who takes them, and which of them new runs take. */
export function VersionsPart({ workflow }: { readonly workflow: string }): ReactNode {
  const namespaceId = useNamespace();
  const live = useLive<Versions>({
    key: `${namespaceId}/${workflow}`,
    load: (signal) => versionsOf({ namespaceId, workflow, signal }),
    every: EVERY_MS,
  });
  const [asked, setAsked] = useState<{ readonly version: string | undefined }>();
  return (
    <Section title="Versions">
      <Looked live={live} what="versions">
        {({ defaultVersion, pinned, versions }) => (
          <>
            <ul className="rows-list" aria-label="Versions">
              {versions.map(({ version, workersOnline }) => (
                <li key={version}>
                  <span className="strong">v{version}</span>
                  <span className={workersOnline === 0 ? "bad-text" : "faint"}>
                    {workersOnline === 0 ? "no worker online" : `${plural(workersOnline, "worker")} online`}
                  </span>
                  {version === defaultVersion ? (
                    <span className="chip end">new runs take it{pinned ? ", as was set" : ""}</span>
                  ) : (
                    <Button
                      look="quiet"
                      className="button quiet small end"
                      needs="admin"
                      onClick={() => setAsked({ version })}
                    >
                      Let new runs take it
                    </Button>
                  )}
                </li>
              ))}
            </ul>
            {versions.length === 0 && <p className="faint">No worker has told of any.</p>}
            {pinned && (
              <Button needs="admin" onClick={() => setAsked({ version: undefined })}>
                Take the highest again
              </Button>
            )}
          </>
        )}
      </Looked>
      {asked !== undefined && (
        <VersionDialog
          workflow={workflow}
          version={asked.version}
          onDone={live.refresh}
          onClose={() => setAsked(undefined)}
        />
      )}
    </Section>
  );
}

async function versionsOf(of: {
  readonly namespaceId: string;
  readonly workflow: string;
  readonly signal: AbortSignal;
}): Promise<Versions> {
  const { namespaceId, workflow, signal } = of;
  const { workflowTypes } = await api.admin.listWorkflowTypes({ namespaceId, page: { pageSize: MOST } }, { signal });
  const found = workflowTypes.find(({ workflowType }) => workflowType === workflow);
  if (found !== undefined) return found;
  const known = await api.admin.getWorkflowVersions({ namespaceId, workflowType: workflow }, { signal });
  return {
    versions: known.versions.map((version) => ({ version, workersOnline: 0 })),
    defaultVersion: known.defaultVersion ?? known.versions[0] ?? "",
    pinned: known.defaultVersion !== undefined,
  };
}

interface VersionDialogProps {
  readonly workflow: string;
  /** Absent: the highest. */
  readonly version: string | undefined;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function VersionDialog({ workflow, version, onDone, onClose }: VersionDialogProps): ReactNode {
  const namespaceId = useNamespace();
  const action = useAction(async () => {
    await api.admin.setDefaultVersion({
      namespaceId,
      workflowType: workflow,
      ...(version !== undefined && { version }),
    });
    onDone();
    onClose();
    return version === undefined ? "New runs take the highest version." : `New runs take version ${version}.`;
  });
  return (
    <Confirm
      title={version === undefined ? "Let new runs take the highest version?" : `Let new runs take version ${version}?`}
      verb="Set it"
      isBusy={action.isBusy}
      onClose={onClose}
      onConfirm={() => void action.run()}
    >
      <p>
        Runs that are there keep the version that they began with.{" "}
        {version === undefined
          ? "From now on a higher version that a worker brings is taken by itself."
          : "Higher versions that workers bring are not taken until this is changed again."}
      </p>
    </Confirm>
  );
}
