// The part of JSON Schema that a form can be made of. What it does not know becomes a box for JSON.

/** A field of an input, as a form shows it. */
export interface FormField {
  readonly name: string;
  readonly label: string;
  readonly hint: string | undefined;
  readonly isRequired: boolean;
  readonly control: Control;
}

export type Control =
  | { readonly kind: "text"; readonly isLong: boolean; readonly format: string | undefined }
  | { readonly kind: "number"; readonly isWhole: boolean }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly values: readonly unknown[] }
  | { readonly kind: "json" };

interface Schema {
  readonly type?: unknown;
  readonly title?: unknown;
  readonly description?: unknown;
  readonly enum?: unknown;
  readonly format?: unknown;
  readonly default?: unknown;
  readonly maxLength?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: unknown;
}

/** The fields of an object; absent where the schema is of something else, which is typed as JSON. */
export function fieldsOf(text: string | undefined): readonly FormField[] | undefined {
  const schema = parse(text);
  if (schema?.properties === undefined || schema.type !== "object") return undefined;
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    label: typeof property.title === "string" ? property.title : name,
    hint: typeof property.description === "string" ? property.description : undefined,
    isRequired: required.has(name),
    control: controlOf(property),
  }));
}

/** What a form begins with: the defaults of the schema. */
export function defaultsOf(text: string | undefined): Readonly<Record<string, unknown>> {
  const properties = Object.entries(parse(text)?.properties ?? {});
  return Object.fromEntries(
    properties.flatMap(([name, property]) => (property.default === undefined ? [] : [[name, property.default]])),
  );
}

function parse(text: string | undefined): Schema | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function controlOf(schema: Schema): Control {
  if (Array.isArray(schema.enum)) return { kind: "choice", values: schema.enum };
  switch (schema.type) {
    case "string":
      return {
        kind: "text",
        isLong: typeof schema.maxLength === "number" && schema.maxLength > 200,
        format: typeof schema.format === "string" ? schema.format : undefined,
      };
    case "number":
    case "integer":
      return { kind: "number", isWhole: schema.type === "integer" };
    case "boolean":
      return { kind: "boolean" };
    default:
      return { kind: "json" };
  }
}
