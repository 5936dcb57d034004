import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";
import { type PayloadCodec, workflow } from "kagzi";
import { TestEnvironment } from "@kagzi/testing";

/** AES-256-GCM: every payload under a nonce of its own, its metadata says that it is sealed. */
function aes256gcm(key: Uint8Array): PayloadCodec {
  return {
    encode({ data, metadata }) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const sealed = Buffer.concat([nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()]);
      return { data: sealed, metadata: { ...metadata, encoding: "aes-256-gcm" } };
    },
    decode({ data, metadata: { encoding, ...metadata } }) {
      if (encoding !== "aes-256-gcm") return { data, metadata };
      const decipher = createDecipheriv("aes-256-gcm", key, data.subarray(0, 12));
      decipher.setAuthTag(data.subarray(-16));
      return { data: Buffer.concat([decipher.update(data.subarray(12, -16)), decipher.final()]), metadata };
    },
    // The server compares this where it would compare inputs, which look different each time.
    fingerprint: (data) => createHmac("sha256", key).update(data).digest("base64"),
  };
}

const codec = aes256gcm(randomBytes(32));
const diagnose = workflow("diagnose", async (ctx, patient: string) => ctx.step("think", () => `${patient} is fine`));

await using env = await TestEnvironment.create({ workflows: [diagnose], codec });
const run = await env.client.start(diagnose, "Ada", { id: "ada" });
console.log(await run.result());
console.log("the same start:", (await env.client.start(diagnose, "Ada", { id: "ada" })).alreadyExists);
const kept = JSON.stringify(await env.client.runs.history(run.id));
console.log("the server has seen the name:", kept.includes(Buffer.from('"Ada').toString("base64").slice(0, 5)));
