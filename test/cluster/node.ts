// containerd, kubelet and kube-proxy: how each is configured and started.
import { join } from 'node:path'
import { stringify } from 'yaml'
import { flags } from './controlplane.ts'
import { cgroupName, clusterDomain, dnsAddress, kubernetesDir, nodeAddress, nodeName, podSubnet } from './layout.ts'
import type { Layout } from './layout.ts'
import { podNetworkName } from './network.ts'
import type { ProcessSpec } from './processes.ts'

export function containerdSocket(layout: Layout): string {
  return join(layout.state, 'containerd', 'containerd.sock')
}

/** Configuration of our own containerd (format version 2: containerd 1.6 and 1.7), apart from any that Debian started. */
export function containerdConfig(layout: Layout, pauseImage: string): string {
  const base = join(layout.state, 'containerd')
  const quote = (text: string) => JSON.stringify(text)
  return `version = 2
root = ${quote(join(base, 'root'))}
state = ${quote(join(base, 'state'))}
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing"]

[grpc]
  address = ${quote(containerdSocket(layout))}

[ttrpc]
  address = ${quote(`${containerdSocket(layout)}.ttrpc`)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${quote(pauseImage)}
  # Without CAP_SYS_RESOURCE runc may not lower oom_score_adj, and every pod would fail with "can't get final child's PID from pipe".
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = ${quote(join(layout.state, 'cni', 'net.d'))}

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      Root = ${quote(join(base, 'runc'))}
`
}

export function containerdSpec(layout: Layout, pauseImage: string): ProcessSpec {
  const config = join(layout.state, 'containerd', 'config.toml')
  return {
    name: 'containerd',
    command: 'containerd',
    args: ['--config', config],
    files: { [config]: containerdConfig(layout, pauseImage) },
  }
}

export function kubeletConfig(layout: Layout, unified: boolean): string {
  return stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: nodeAddress,
    healthzBindAddress: nodeAddress,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(layout.pki, 'ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupName}`,
    // Kubernetes 1.35 refuses cgroup v1 unless told otherwise.
    ...(unified ? {} : { failCgroupV1: false }),
    clusterDNS: [dnsAddress],
    clusterDomain,
    containerRuntimeEndpoint: `unix://${containerdSocket(layout)}`,
    resolvConf: '/dev/null',
    failSwapOn: false,
    podLogsDir: join(layout.state, 'pod-logs'),
    volumePluginDir: join(layout.state, 'kubelet', 'volume-plugins'),
    evictionHard: { 'imagefs.available': '1%', 'nodefs.available': '1%' },
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    maxPods: 200,
    serializeImagePulls: false,
    // Tests create many pods at once; the defaults protect registries and API servers that are not ours.
    registryPullQPS: 0,
    eventRecordQPS: 0,
  })
}

export function kubeletSpec(layout: Layout, unified: boolean): ProcessSpec {
  const config = join(layout.state, 'kubelet', 'config.yaml')
  return {
    name: 'kubelet',
    command: join(kubernetesDir(layout), 'kubelet'),
    args: flags({
      config,
      kubeconfig: join(layout.kubeconfigs, 'kubelet.conf'),
      'root-dir': join(layout.state, 'kubelet'),
      'cert-dir': join(layout.state, 'kubelet', 'pki'),
      'hostname-override': nodeName,
      'node-ip': nodeAddress,
    }),
    files: { [config]: kubeletConfig(layout, unified) },
  }
}

export function kubeProxySpec(layout: Layout): ProcessSpec {
  const config = join(layout.state, 'kube-proxy.yaml')
  return {
    name: 'kube-proxy',
    command: join(kubernetesDir(layout), 'kube-proxy'),
    args: flags({ config, 'hostname-override': nodeName }),
    files: {
      [config]: stringify({
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        mode: 'iptables',
        clientConnection: { kubeconfig: join(layout.kubeconfigs, 'super-admin.conf') },
        clusterCIDR: podSubnet,
        bindAddress: nodeAddress,
        healthzBindAddress: `${nodeAddress}:10256`,
        metricsBindAddress: `${nodeAddress}:10249`,
        // Zero: leave the machine's connection tracking as it is.
        conntrack: { maxPerCore: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
        iptables: { localhostNodePorts: false, minSyncPeriod: '100ms' },
      }),
    },
  }
}

/** Results that the network plugins keep outside of our directories: files of our network only. */
export const networkResults = { directory: '/var/lib/cni/results', prefix: `${podNetworkName}-` }
