import { type DescFile, type DescService, create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type ServerReflection, type ServerReflectionRequest, ServerReflectionResponseSchema } from "@kagzi/proto/grpc";
import type { Service } from "../rpc/service.ts";

type Answer = Exclude<
  NonNullable<Parameters<typeof create<typeof ServerReflectionResponseSchema>>[1]>,
  { $typeName: string }
>["messageResponse"];

/** What a server can tell of its services: to tools like grpcurl, which then need no .proto files. */
export function createReflectionService(services: readonly DescService[]): Service<typeof ServerReflection> {
  const files = new Map<string, DescFile>();
  const symbols = new Map<string, DescFile>();
  for (const service of services) addFile(service.file, files, symbols);
  return {
    async *serverReflectionInfo(requests) {
      for await (const request of requests) {
        const messageResponse = answer(request, { services, files, symbols });
        yield create(ServerReflectionResponseSchema, {
          validHost: request.host,
          originalRequest: request,
          messageResponse,
        });
      }
    },
  };
}

interface Known {
  readonly services: readonly DescService[];
  /** By name, `kagzi/v1/worker.proto`. */
  readonly files: ReadonlyMap<string, DescFile>;
  /** By the full names of what is declared in them. */
  readonly symbols: ReadonlyMap<string, DescFile>;
}

function answer({ messageRequest: { case: kind, value } }: ServerReflectionRequest, known: Known): NonNullable<Answer> {
  switch (kind) {
    case "listServices": {
      const service = known.services.map(({ typeName }) => ({ name: typeName }));
      return { case: "listServicesResponse", value: { service } };
    }
    case "fileByFilename":
      return fileAnswer(value, known.files.get(value));
    case "fileContainingSymbol":
      return fileAnswer(value, known.symbols.get(value));
    case "fileContainingExtension":
      return notFoundAnswer(`${value.containingType} has no extensions`);
    case "allExtensionNumbersOfType":
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: value } };
    default:
      return notFoundAnswer("the request asks for nothing");
  }
}

/** The file and all that it imports: clients put them together without asking again. */
function fileAnswer(what: string, file: DescFile | undefined): NonNullable<Answer> {
  if (file === undefined) return notFoundAnswer(`${what} is not known here`);
  const all = withImports(file, new Set());
  const fileDescriptorProto = Array.from(all, ({ proto }) => toBinary(FileDescriptorProtoSchema, proto));
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } };
}

function notFoundAnswer(errorMessage: string): NonNullable<Answer> {
  return { case: "errorResponse", value: { errorCode: Code.NotFound, errorMessage } };
}

function withImports(file: DescFile, seen: Set<DescFile>): Set<DescFile> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const imported of file.dependencies) withImports(imported, seen);
  return seen;
}

function addFile(file: DescFile, files: Map<string, DescFile>, symbols: Map<string, DescFile>): void {
  for (const each of withImports(file, new Set())) {
    const name = `${each.name}.proto`;
    if (files.has(name)) continue;
    files.set(name, each);
    for (const symbol of symbolsOf(each)) symbols.set(symbol, each);
  }
}

function* symbolsOf(file: DescFile): Generator<string> {
  for (const service of file.services) {
    yield service.typeName;
    for (const method of service.methods) yield `${service.typeName}.${method.name}`;
  }
  for (const each of file.enums) yield each.typeName;
  for (const message of file.messages) yield* symbolsOfMessage(message);
}

function* symbolsOfMessage(message: DescFile["messages"][number]): Generator<string> {
  yield message.typeName;
  for (const field of message.fields) yield `${message.typeName}.${field.name}`;
  for (const each of message.nestedEnums) yield each.typeName;
  for (const nested of message.nestedMessages) yield* symbolsOfMessage(nested);
}
