import { DNS_SUBJECT } from "./dns_service.ts";
import { CLIENT_SUBJECTS, kubeconfigText, nodeSubject, type Pki } from "../pki/mod.ts";
import { writeSecret } from "./data_directory.ts";
import type { ClusterNetwork } from "./network.ts";

/** What a node's process is told: the file that `coracle node` reads. */
export interface NodeConfiguration {
  readonly nodeName: string;
  /** The node's directory; not below /run, which is the node's own. */
  readonly directory: string;
  readonly rootless: boolean;
  /** The ordinary user's id on the machine; 0 as root. */
  readonly machineUid: number;
  /** The node's address. */
  readonly address: string;
  readonly mtu: number;
  /** Nameservers that the node's processes reach. */
  readonly resolver: string;
  readonly network: ClusterNetwork;
  readonly logsDirectory: string;
}

/** Where a node's files lie. */
export interface NodeLayout {
  readonly directory: string;
  readonly configuration: string;
  readonly kubeletKubeconfig: string;
  readonly proxyKubeconfig: string;
  readonly dnsKubeconfig: string;
  readonly servingCertificate: string;
  readonly servingKey: string;
  readonly clientAuthority: string;
  readonly resolver: string;
  /** There once the node does all that it is for; removed before its process starts. */
  readonly ready: string;
  /** Pods' files: upstream's /var/lib/kubelet. */
  readonly kubelet: string;
  readonly podLogs: string;
}

/** The layout of a node's directory. Pure. */
export function nodeLayout(directory: string): NodeLayout {
  return {
    directory,
    configuration: `${directory}/node.json`,
    kubeletKubeconfig: `${directory}/kubelet.kubeconfig`,
    proxyKubeconfig: `${directory}/proxy.kubeconfig`,
    dnsKubeconfig: `${directory}/dns.kubeconfig`,
    servingCertificate: `${directory}/kubelet.crt`,
    servingKey: `${directory}/kubelet.key`,
    clientAuthority: `${directory}/ca.crt`,
    resolver: `${directory}/resolv.conf`,
    ready: `${directory}/ready`,
    kubelet: `${directory}/kubelet`,
    podLogs: `${directory}/pod-logs`,
  };
}

/** Writes everything that a node's process needs before it starts. `server` is the API server as the node reaches it. */
export async function writeNodeFiles(
  configuration: NodeConfiguration,
  pki: Pki,
  server: string,
): Promise<void> {
  const { address, nodeName } = configuration;
  const layout = nodeLayout(configuration.directory);
  await Deno.mkdir(layout.directory, { recursive: true, mode: 0o755 });
  const authority = pki.authority.certificate;
  const kubeconfig = async (path: string, name: string, subject: Parameters<Pki["client"]>[1]) => {
    const { certificate, key } = await pki.client(name, subject);
    const text = kubeconfigText({
      name: "coracle",
      server,
      authority,
      credential: { certificate, key },
    });
    await writeSecret(path, text);
  };
  const serving = await pki.serving(`kubelet-${nodeName}`, {
    commonName: `system:node:${nodeName}`,
    hosts: [nodeName, address],
  });
  await Promise.all([
    kubeconfig(layout.kubeletKubeconfig, `node-${nodeName}`, nodeSubject(nodeName)),
    kubeconfig(layout.proxyKubeconfig, "kube-proxy", CLIENT_SUBJECTS["kube-proxy"]),
    kubeconfig(layout.dnsKubeconfig, "coredns", DNS_SUBJECT),
    writeSecret(layout.servingCertificate, serving.certificate),
    writeSecret(layout.servingKey, serving.key),
    writeSecret(layout.clientAuthority, authority),
    Deno.writeTextFile(layout.resolver, `nameserver ${configuration.resolver}\n`),
    writeSecret(layout.configuration, JSON.stringify(configuration, null, 2)),
  ]);
}

/** Reads what `writeNodeFiles` wrote. */
export async function readNodeConfiguration(path: string): Promise<NodeConfiguration> {
  return JSON.parse(await Deno.readTextFile(path)) as NodeConfiguration;
}
