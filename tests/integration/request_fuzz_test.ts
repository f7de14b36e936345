import { seededRandom } from "../../components/base/mod.ts";
import { requestFuzz } from "../soak/request_fuzz.ts";

Deno.test("damaged requests are refused as Kubernetes refuses them, never with a 500", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  console.log(
    `seed ${seed}; again: deno task soak --minutes 0 --seed ${seed} --only "${requestFuzz.name}"`,
  );
  try {
    await requestFuzz.run(seededRandom(seed));
  } finally {
    await requestFuzz.end?.();
  }
});
