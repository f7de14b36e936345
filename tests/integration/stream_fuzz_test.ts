import { seededRandom } from "../../components/base/mod.ts";
import { streamFuzz } from "../soak/stream_fuzz.ts";

Deno.test("damaged streams end in time, hold nothing and reach nobody else", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(
    `seed ${seed}; again: deno task soak --minutes 0 --seed ${seed} --only "${streamFuzz.name}"`,
  );
  try {
    await streamFuzz.run(seededRandom(seed));
  } finally {
    await streamFuzz.end?.();
  }
});
