import assert from "node:assert/strict";
import { LogFile } from "./log_file.ts";

Deno.test("LogFile keeps the newest lines in a bounded number of files", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/a.log`;
    const log = new LogFile(path, { maximumBytes: 12, maximumFiles: 3 });
    for (const line of ["one-1", "two-2", "three", "four-", "five-", "six--", "seven"]) {
      log.write(line);
    }
    log.close();
    const files = [...Deno.readDirSync(directory)].map(({ name }) => name).sort();
    assert.deepEqual(files, ["a.log", "a.log.1", "a.log.2"]);
    assert.equal(Deno.readTextFileSync(path), "seven\n");
    assert.equal(Deno.readTextFileSync(`${path}.1`), "five-\nsix--\n");
    assert.equal(Deno.readTextFileSync(`${path}.2`), "three\nfour-\n");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("LogFile goes on where another process stopped", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/a.log`;
    for (const line of ["one", "two"]) {
      const log = new LogFile(path);
      log.write(line);
      log.close();
    }
    assert.equal(Deno.readTextFileSync(path), "one\ntwo\n");
    assert.equal((Deno.statSync(path).mode ?? 0) & 0o777, 0o600);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
