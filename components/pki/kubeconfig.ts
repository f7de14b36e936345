/** What one kubeconfig with one cluster, one user and one context says. Everything is embedded. */
export interface KubeconfigContents {
  /** Names cluster, user and context. */
  readonly name: string;
  readonly server: string;
  /** PEM of the authority that signs the server's certificate. */
  readonly authority: string;
  /** Either a client certificate or a bearer token. */
  readonly credential:
    | { readonly certificate: string; readonly key: string }
    | { readonly token: string };
  readonly user?: string;
  readonly namespace?: string;
}

/** A kubeconfig as YAML text, members in the order kubectl writes them. A secret: files of mode 0600 only. */
export function kubeconfigText(contents: KubeconfigContents): string {
  const quoted = (text: string) => JSON.stringify(text);
  const base64 = (text: string) => new TextEncoder().encode(text).toBase64();
  const { credential } = contents;
  const user = contents.user ?? contents.name;
  return [
    "apiVersion: v1",
    "clusters:",
    "- cluster:",
    `    certificate-authority-data: ${base64(contents.authority)}`,
    `    server: ${quoted(contents.server)}`,
    `  name: ${quoted(contents.name)}`,
    "contexts:",
    "- context:",
    `    cluster: ${quoted(contents.name)}`,
    ...(contents.namespace === undefined ? [] : [`    namespace: ${quoted(contents.namespace)}`]),
    `    user: ${quoted(user)}`,
    `  name: ${quoted(contents.name)}`,
    `current-context: ${quoted(contents.name)}`,
    "kind: Config",
    "users:",
    `- name: ${quoted(user)}`,
    "  user:",
    ...("token" in credential ? [`    token: ${quoted(credential.token)}`] : [
      `    client-certificate-data: ${base64(credential.certificate)}`,
      `    client-key-data: ${base64(credential.key)}`,
    ]),
    "",
  ].join("\n");
}
