/** Writes components/api/generated from the npm package @kubernetes/client-node and the facts beside this file. */
import { readResources } from "./facts.ts";
import { shortNames } from "./names.ts";
import { collectStructs } from "./structs.ts";
import { resourceTableModule, schemaModule } from "./write_schema.ts";
import { resourcesModule, typesModule } from "./write_types.ts";

const out = new URL("../generated/", import.meta.url);
const structs = collectStructs();
const names = shortNames(structs.values());
const resources = readResources();

Deno.mkdirSync(out, { recursive: true });
Deno.writeTextFileSync(new URL("types.ts", out), typesModule(structs.values(), names));
Deno.writeTextFileSync(new URL("resources.ts", out), resourcesModule(resources, names));
Deno.writeTextFileSync(new URL("schema.ts", out), schemaModule(structs.values()));
Deno.writeTextFileSync(new URL("resource_table.ts", out), resourceTableModule(resources));
console.log(`${structs.size} structs, ${resources.length} resources`);
// The client library keeps sockets open.
Deno.exit(0);
