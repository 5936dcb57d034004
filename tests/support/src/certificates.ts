import { type KeyObject, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Somebody who signs certificates: for tests, which trust it. */
export class CertificateAuthority implements Certificate {
  readonly cert: string;
  readonly key: string;
  readonly #name: string;
  readonly #signer: KeyObject;

  constructor(name: string) {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    this.#name = name;
    this.#signer = privateKey;
    this.key = pemOf(privateKey);
    // Critical: it is a CA.
    const isCa = sequence(oid("551d13"), boolean(true), octets(sequence(boolean(true))));
    this.cert = this.#certify({ name, publicKey, extensions: [isCa] });
  }

  /** A certificate for this computer. */
  issue(name: string): Certificate {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const names = [tagged(0x82, Buffer.from("localhost")), tagged(0x87, Buffer.from([127, 0, 0, 1]))];
    const called = sequence(oid("551d11"), octets(sequence(...names)));
    return { cert: this.#certify({ name, publicKey, extensions: [called] }), key: pemOf(privateKey) };
  }

  /** As RFC 5280, section 4.1, has it. */
  #certify(about: {
    readonly name: string;
    readonly publicKey: KeyObject;
    readonly extensions: readonly Buffer[];
  }): string {
    const content = sequence(
      tagged(0xa0, integer(Buffer.from([2]))),
      integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
      ECDSA_WITH_SHA256,
      distinguishedName(this.#name),
      sequence(time("20200101000000Z"), time("20990101000000Z")),
      distinguishedName(about.name),
      about.publicKey.export({ type: "spki", format: "der" }),
      tagged(0xa3, sequence(...about.extensions)),
    );
    const signature = sign("sha256", content, { key: this.#signer, dsaEncoding: "der" });
    const der = sequence(content, ECDSA_WITH_SHA256, tagged(0x03, Buffer.concat([Buffer.from([0]), signature])));
    const lines = der.toString("base64").match(/.{1,64}/gu) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
  }
}

function pemOf(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

// DER: a tag, a length, and what is in it.

function tagged(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(length: number): Buffer {
  if (length < 128) return Buffer.from([length]);
  return length < 256 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function oid(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, "hex"));
}

function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function time(text: string): Buffer {
  return tagged(0x18, Buffer.from(text));
}

/** With a common name alone. */
function distinguishedName(name: string): Buffer {
  return sequence(tagged(0x31, sequence(oid("550403"), tagged(0x0c, Buffer.from(name)))));
}

const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
