import { type ReactNode, useState } from "react";

/** Levels that are open at first. */
const OPEN_DEPTH = 2;
/** Items of one level that are shown at first, and how many more at a time. */
const SHOWN = 100;

/** A value of JSON as a tree that folds. */
export function JsonTree({ value }: { readonly value: unknown }): ReactNode {
  return (
    <div className="json">
      <Value value={value} depth={0} isLast />
    </div>
  );
}

interface ValueProps {
  readonly name?: string;
  readonly value: unknown;
  readonly depth: number;
  readonly isLast: boolean;
}

function Value({ name, value, depth, isLast }: ValueProps): ReactNode {
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH);
  const [shown, setShown] = useState(SHOWN);
  const comma = isLast ? "" : ",";
  const label = name !== undefined && (
    <>
      <span className="json-name">{JSON.stringify(name)}</span>:{" "}
    </>
  );
  const items = itemsOf(value);
  if (items === undefined || items.length === 0) {
    return (
      <div className="json-line">
        {label}
        <Scalar value={value} />
        {comma}
      </div>
    );
  }
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{", "}"];
  const fold = (
    <button type="button" className="json-fold" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
      {label}
      {open}
      {!isOpen && ` ${items.length} ${items.length === 1 ? "item" : "items"} ${close}${comma}`}
    </button>
  );
  if (!isOpen) return <div className="json-line">{fold}</div>;
  return (
    <>
      <div className="json-line">{fold}</div>
      <div className="json-inner">
        {items.slice(0, shown).map(([key, item], index) => (
          <Value
            key={key}
            {...(!Array.isArray(value) && { name: key })}
            value={item}
            depth={depth + 1}
            isLast={index === items.length - 1}
          />
        ))}
        {items.length > shown && (
          <button type="button" className="json-fold" onClick={() => setShown(shown + SHOWN)}>
            {items.length - shown} more
          </button>
        )}
      </div>
      <div className="json-line">
        {close}
        {comma}
      </div>
    </>
  );
}

function Scalar({ value }: { readonly value: unknown }): ReactNode {
  const kind = value === null ? "null" : typeof value;
  return <span className={`json-${kind}`}>{JSON.stringify(value)}</span>;
}

function itemsOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  return typeof value === "object" && value !== null ? Object.entries(value) : undefined;
}
