/** One PEM block. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const LINE_CHARACTERS = 64;

/** A PEM block with a newline at its end. */
export function encodePem(label: string, bytes: Uint8Array): string {
  const base64 = bytes.toBase64();
  const lines: string[] = [];
  for (let i = 0; i < base64.length; i += LINE_CHARACTERS) {
    lines.push(base64.slice(i, i + LINE_CHARACTERS));
  }
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** Every block of a PEM text, in order; text between blocks is skipped. Throws on a block that is not base64. */
export function decodePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let label: string | undefined;
  let body = "";
  for (const line of text.split("\n").map((line) => line.trim())) {
    if (line.startsWith("-----BEGIN ") && line.endsWith("-----")) {
      label = line.slice(11, -5);
      body = "";
    } else if (label !== undefined && line === `-----END ${label}-----`) {
      blocks.push({ label, bytes: Uint8Array.fromBase64(body) });
      label = undefined;
    } else if (label !== undefined) {
      body += line;
    }
  }
  return blocks;
}
