// etcd, kube-apiserver, kube-controller-manager and kube-scheduler: how each is started.
import { join } from 'node:path'
import { etcdDir, etcdUrl, kubernetesDir, nodeAddress, podSubnet, serviceSubnet } from './layout.ts'
import type { Layout } from './layout.ts'
import type { ProcessSpec } from './processes.ts'

export function flags(values: Record<string, string | number | boolean>): string[] {
  return Object.entries(values).map(([name, value]) => `--${name}=${value}`)
}

export function etcdSpec(layout: Layout): ProcessSpec {
  return {
    name: 'etcd',
    command: join(etcdDir(layout), 'etcd'),
    args: flags({
      name: 'pawl',
      'data-dir': join(layout.state, 'etcd'),
      'listen-client-urls': etcdUrl,
      'advertise-client-urls': etcdUrl,
      'listen-peer-urls': 'http://127.0.0.1:23800',
      'initial-advertise-peer-urls': 'http://127.0.0.1:23800',
      'initial-cluster': 'pawl=http://127.0.0.1:23800',
      // A test cluster may lose its data with the machine's power; it may not be slow.
      'unsafe-no-fsync': true,
      'auto-compaction-retention': '10m',
      'log-level': 'warn',
    }),
  }
}

export function apiServerSpec(layout: Layout): ProcessSpec {
  const pki = (name: string) => join(layout.pki, name)
  return {
    name: 'kube-apiserver',
    command: join(kubernetesDir(layout), 'kube-apiserver'),
    args: flags({
      'advertise-address': nodeAddress,
      'bind-address': nodeAddress,
      'secure-port': 6443,
      'etcd-servers': etcdUrl,
      'service-cluster-ip-range': serviceSubnet,
      'authorization-mode': 'Node,RBAC',
      'enable-admission-plugins': 'NodeRestriction',
      'allow-privileged': true,
      'client-ca-file': pki('ca.crt'),
      'tls-cert-file': pki('apiserver.crt'),
      'tls-private-key-file': pki('apiserver.key'),
      'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
      'kubelet-client-key': pki('apiserver-kubelet-client.key'),
      // The node's name resolves nowhere, so `kubectl logs` and `exec` must go by address.
      'kubelet-preferred-address-types': 'InternalIP',
      'proxy-client-cert-file': pki('front-proxy-client.crt'),
      'proxy-client-key-file': pki('front-proxy-client.key'),
      'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': pki('sa.pub'),
      'service-account-signing-key-file': pki('sa.key'),
    }),
  }
}

export function controllerManagerSpec(layout: Layout): ProcessSpec {
  const kubeconfig = join(layout.kubeconfigs, 'controller-manager.conf')
  return {
    name: 'kube-controller-manager',
    command: join(kubernetesDir(layout), 'kube-controller-manager'),
    args: flags({
      kubeconfig,
      'authentication-kubeconfig': kubeconfig,
      'authorization-kubeconfig': kubeconfig,
      'bind-address': nodeAddress,
      'cluster-cidr': podSubnet,
      'client-ca-file': join(layout.pki, 'ca.crt'),
      'cluster-signing-cert-file': join(layout.pki, 'ca.crt'),
      'cluster-signing-key-file': join(layout.pki, 'ca.key'),
      'root-ca-file': join(layout.pki, 'ca.crt'),
      'requestheader-client-ca-file': join(layout.pki, 'front-proxy-ca.crt'),
      'service-account-private-key-file': join(layout.pki, 'sa.key'),
      'use-service-account-credentials': true,
      // There is one of each, and a lost election would end it when etcd is away for a moment.
      'leader-elect': false,
    }),
  }
}

export function schedulerSpec(layout: Layout): ProcessSpec {
  const kubeconfig = join(layout.kubeconfigs, 'scheduler.conf')
  return {
    name: 'kube-scheduler',
    command: join(kubernetesDir(layout), 'kube-scheduler'),
    args: flags({
      kubeconfig,
      'authentication-kubeconfig': kubeconfig,
      'authorization-kubeconfig': kubeconfig,
      'bind-address': nodeAddress,
      'leader-elect': false,
    }),
  }
}
